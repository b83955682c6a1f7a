"""Where settings come from, and that a token never travels to a server it was not stored for."""

import json
import stat
from pathlib import Path

import pytest

from trainwright.client import NotConfigured, find_login, resolve_access, save_login
from trainwright.client.config import Login, config_path, default_data_dir, same_endpoint

LOCAL = "http://127.0.0.1:8600"
FILE = "https://gpu.example:8443"


class Home:
    """A home folder with or without a login and a local server."""

    def __init__(self, root: Path) -> None:
        self.env = {"HOME": str(root)}

    def login(self) -> "Home":
        """Store a login for FILE."""
        save_login(self.env, Login(FILE, "file-project", "file-token"))
        return self

    def server(self) -> "Home":
        """Let a server at LOCAL have left its files."""
        data_dir = default_data_dir(self.env)
        data_dir.mkdir(parents=True)
        (data_dir / "server.json").write_text(json.dumps({"url": LOCAL, "pid": 1, "version": "x"}))
        admin = {"project_id": "local-project", "token": "local-token", "user": "admin"}
        (data_dir / "admin.json").write_text(json.dumps(admin))
        return self

    def resolved(self, **given: str) -> tuple[str, str, str]:
        """Endpoint, project and token in force."""
        env = {**self.env, **{k: v for k, v in given.items() if k.isupper()}}
        flags = {k: v for k, v in given.items() if not k.isupper()}
        found = resolve_access(env=env, **flags)
        return found.endpoint.value, found.project_id.value, found.token.value


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home folder."""
    return Home(tmp_path)


def test_local_server_is_found_without_a_word(home: Home) -> None:
    """`trainwright server` in one terminal, `trainwright job list` in the other."""
    assert home.server().resolved() == (LOCAL, "local-project", "local-token")


def test_login_goes_before_the_local_server(home: Home) -> None:
    """A login is a decision."""
    assert home.server().login().resolved() == (FILE, "file-project", "file-token")


def test_environment_goes_before_the_file_and_flags_before_both(home: Home) -> None:
    """The nearer, the stronger."""
    home.login()
    assert home.resolved(TRAINWRIGHT_TOKEN="t") == (FILE, "file-project", "t")
    assert home.resolved(TRAINWRIGHT_TOKEN="t", token="flag") == (FILE, "file-project", "flag")
    assert home.resolved(TRAINWRIGHT_PROJECT="p") == (FILE, "p", "file-token")


def test_a_stored_token_is_not_sent_to_another_server(home: Home) -> None:
    """Pointing the CLI elsewhere must not hand the token over."""
    home.login().server()
    with pytest.raises(NotConfigured, match="No project is known"):
        home.resolved(endpoint="http://evil.example")
    with pytest.raises(NotConfigured, match="No token is known"):
        home.resolved(TRAINWRIGHT_ENDPOINT="http://evil.example", TRAINWRIGHT_PROJECT="p")


def test_naming_the_local_server_finds_its_token(home: Home) -> None:
    """`localhost` and a missing scheme mean the same server."""
    home.login().server()
    assert home.resolved(endpoint="localhost:8600") == (
        "http://localhost:8600",
        "local-project",
        "local-token",
    )


def test_each_value_says_where_it_came_from(home: Home) -> None:
    """`trainwright config show` prints this."""
    home.login()
    found = resolve_access(env={**home.env, "TRAINWRIGHT_TOKEN": "t"}, project_id="p")
    assert found.endpoint.source == str(config_path(home.env))
    assert found.project_id.source == "command line"
    assert found.token.source == "environment"


def test_nothing_known_says_what_to_do(home: Home) -> None:
    """The first thing a newcomer may see."""
    with pytest.raises(NotConfigured) as caught:
        home.resolved()
    assert "trainwright server" in caught.value.remedy


def test_login_is_for_its_owner_only(home: Home) -> None:
    """The file holds a token; a file that was open to others is closed."""
    path = config_path(home.env)
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    path.chmod(0o644)
    home.login()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["config.yaml"]


def test_login_without_words_takes_the_local_server(home: Home) -> None:
    """An earlier login is what is being replaced, so it is not asked."""
    home.login().server()
    assert find_login(home.env) == Login(LOCAL, "local-project", "local-token")
    assert find_login(home.env, endpoint=FILE) == Login(FILE, "", "")


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "\x00"])
def test_a_broken_login_file_is_named(home: Home, content: str) -> None:
    """No traceback for a file that someone edited."""
    path = config_path(home.env)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(NotConfigured, match=r"config\.yaml"):
        home.resolved()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://localhost:8600/", "http://127.0.0.1:8600", True),
        ("HTTP://Host", "http://host:80", True),
        ("https://host", "https://host:443", True),
        ("http://host", "https://host", False),
        ("http://host:1", "http://host:2", False),
        ("", "", False),
    ],
)
def test_same_endpoint(one: str, other: str, same: bool) -> None:
    """Spellings of one address are one address."""
    assert same_endpoint(one, other) is same
