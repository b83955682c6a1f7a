"""Where endpoint, project and credentials come from, and that none of them travels where it was not stored for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from trainwright.portable import config_file
from trainwright.portable.access import (
    NotConfigured,
    Setting,
    config_path,
    default_data_dir,
    resolve,
    s3_endpoint,
)

LOCAL = "http://127.0.0.1:8600"
FILE = "https://gpu.example:8443"
KEYS = {"ACCESS_KEY_ID": "AK", "SECRET_ACCESS_KEY": "SK"}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """That of a user with nothing but a home folder."""
    return {"HOME": str(tmp_path)}


@pytest.fixture
def login(env: dict[str, str]) -> None:
    """`trainwright login` at FILE."""
    values = {"endpoint": FILE, "project": "file-project", "token": "file-token"}
    config_file.write(config_path(env), values)


@pytest.fixture
def here(env: dict[str, str]) -> None:
    """A server on this machine."""
    data_dir = default_data_dir(env)
    data_dir.mkdir(parents=True)
    (data_dir / "server.json").write_text(json.dumps({"url": LOCAL}))
    (data_dir / "admin.json").write_text(json.dumps({"project_id": "p-here", "token": "t-here"}))


@pytest.mark.usefixtures("login", "here")
def test_in_a_job_the_token_of_the_job_is_used(env: dict[str, str], tmp_path: Path) -> None:
    """Also where the machine's own files can be seen, and where the script still holds keys for the old cloud."""
    (tmp_path / "token").write_text("job.a.b\n")
    job = {
        **env,
        **KEYS,
        "S3_ENDPOINT": "obs.old-cloud.example",
        "TRAINWRIGHT_ENDPOINT": "http://10.0.0.1:8600",
        "TRAINWRIGHT_PROJECT": "p-job",
        "TRAINWRIGHT_TOKEN_FILE": str(tmp_path / "token"),
    }
    found = resolve(env=job)
    assert found.endpoint == Setting("http://10.0.0.1:8600", "environment")
    assert found.token == Setting("job.a.b", "environment")
    assert (found.project_id.value, found.secret_key.value) == ("p-job", "")
    assert "job.a.b" not in repr(found)


def test_keys_need_no_project(env: dict[str, str]) -> None:
    """They belong to one; the server tells which."""
    found = resolve(env={**env, **KEYS, "S3_ENDPOINT": "obs.example"})
    assert found.endpoint.value == "https://obs.example"
    assert (found.access_key.value, found.secret_key.value) == ("AK", "SK")
    assert (found.project_id.value, found.token.value) == ("", "")
    assert "SK" not in repr(found)


@pytest.mark.usefixtures("login")
def test_the_project_of_the_login_is_not_that_of_the_keys(env: dict[str, str]) -> None:
    """The login's token and its project belong together, and the keys may be another's."""
    found = resolve(env={**env, **KEYS})
    assert (found.endpoint.value, found.project_id.value, found.token.value) == (FILE, "", "")


@pytest.mark.usefixtures("login")
def test_s3_variables_of_other_programs_change_nothing(env: dict[str, str]) -> None:
    """Without keys beside it, S3_ENDPOINT is none of our business; neither is half a pair."""
    for others in ({}, {"ACCESS_KEY_ID": "x"}):
        assert resolve(env={**env, "S3_ENDPOINT": "minio:9000", **others}).endpoint.value == FILE


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("token", [{"TRAINWRIGHT_TOKEN": "t"}, KEYS])
def test_what_the_environment_holds_for_its_endpoint_stays_there(
    env: dict[str, str], token: dict[str, str]
) -> None:
    """An argument that points elsewhere does not hand it over."""
    with pytest.raises(NotConfigured, match="No project is known"):
        resolve(env={**env, **token, "TRAINWRIGHT_ENDPOINT": "http://mine:1"}, endpoint="http://evil.example")


@pytest.mark.parametrize(
    ("more", "endpoint"),
    [
        ({"S3_ENDPOINT": "h:1"}, "https://h:1"),
        ({"S3_ENDPOINT": "h:1", "S3_USE_HTTPS": "0"}, "http://h:1"),
        ({"S3_ENDPOINT": "127.0.0.1:1"}, "http://127.0.0.1:1"),
        ({"S3_ENDPOINT": "127.0.0.1:1", "S3_USE_HTTPS": "1"}, "https://127.0.0.1:1"),
        ({"S3_ENDPOINT": "http://h", "S3_USE_HTTPS": "1"}, "http://h"),
        ({}, ""),
    ],
)
def test_s3_endpoint(more: dict[str, str], endpoint: str) -> None:
    """https unless told otherwise; a server on this machine speaks http."""
    assert s3_endpoint(more) == endpoint


def test_certificates_go_unchecked_only_where_that_is_said_of_the_server(env: dict[str, str]) -> None:
    """S3_VERIFY_SSL speaks of S3_ENDPOINT."""
    lax = {**env, **KEYS, "S3_VERIFY_SSL": "0", "S3_ENDPOINT": "h"}
    assert not resolve(env=lax).verify_tls
    assert resolve(env={**lax, "TRAINWRIGHT_ENDPOINT": "https://h"}).verify_tls
    assert resolve(env=lax, endpoint="https://other", token="t", project_id="p").verify_tls


def test_arguments_go_first(env: dict[str, str]) -> None:
    """As `set_auth` and `Session(…)` need it, and they are named as the source."""
    given = resolve(
        env={**env, "TRAINWRIGHT_TOKEN": "t"},
        endpoint="h:1",
        access_key="a",
        secret_key="s",
        source="Session",
    )
    assert given.endpoint == Setting("http://h:1", "Session")
    assert given.access_key == Setting("a", "Session") and given.token.value == ""


Case = Callable[[dict[str, str]], object]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (lambda env: resolve(env=env), "trainwright login"),
        (lambda env: resolve(env={**env, "TRAINWRIGHT_INSIDE": "/x"}), "does not reach the server"),
        (lambda env: resolve(env=env, endpoint="ftp://h", token="t"), "not the address of a server"),
        (lambda env: resolve(env=env, endpoint="http://h:99999", token="t"), "not the address of a server"),
        (lambda env: resolve(env=env, endpoint="http://[", token="t"), "not the address of a server"),
        (lambda env: resolve(env=env, endpoint="h", access_key="a"), "needs its secret key"),
        (lambda env: resolve(env={**env, "TRAINWRIGHT_TOKEN_FILE": "/none"}), "unset TRAINWRIGHT_TOKEN_FILE"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(env: dict[str, str], case: Case, says: str) -> None:
    """Users meet these before anything works."""
    with pytest.raises(NotConfigured, match=says):
        case(env)


TEXT = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=100)


@given(values=st.dictionaries(st.sampled_from(["endpoint", "project", "token"]), TEXT))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    """Whatever a token holds; and YAML readers agree."""
    path = tmp_path_factory.mktemp("c") / "config.yaml"
    config_file.write(path, values)
    text = path.read_text("utf-8")
    assert config_file.parse(text) == values
    assert (yaml.safe_load(text) or {}) == values


@given(
    values=st.dictionaries(
        st.sampled_from(["endpoint", "token"]), st.from_regex(r"[!-~]{0,60}", fullmatch=True), min_size=1
    )
)
def test_files_of_earlier_versions_are_read(values: dict[str, str]) -> None:
    """They were written by a YAML library, with quotes where it saw need."""
    assert config_file.parse(yaml.safe_dump(values, sort_keys=False)) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("token: a # mine", "a"),
        ("# c\n\n---\ntoken: 'it''s'  # x", "it's"),
        ('token: "a#b"', "a#b"),
        ("token: a#b", "a#b"),
        ("token:", ""),
        ("token: null", ""),
        ("token: ~", ""),
    ],
)
def test_edited_files(text: str, value: str) -> None:
    """As a person would write them."""
    assert config_file.parse(text) == {"token": value} == {"token": yaml.safe_load(text)["token"] or ""}


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "a: [",
        "a: {",
        "a: |",
        " a: 1",
        "a: b: c",
        'a: "b',
        'a: "b" c',
        "a: 'b",
        "a: &x 1",
        "a: 1\na: 2",
    ],
)
def test_what_is_more_than_flat_lines_is_refused(text: str) -> None:
    """Rather than half understood."""
    with pytest.raises(config_file.BadConfigFile, match="line "):
        config_file.parse(text)
