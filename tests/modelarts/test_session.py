"""`Session` against a real server: every way to authenticate, and the helpers for objects."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelarts import obs
from modelarts.exception import AuthenticationError, InvalidArgument, NotReachable
from modelarts.session import Session
from tests.e2e.live import LiveServer

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("session")).start()
    body = {"name": "vision", "administrator": "vision", "password": PASSWORD}
    assert server.call("POST", "/v1/projects", json=body).status_code == 201
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is known of any server, but for what a test says."""
    for name in ("ENDPOINT", "PROJECT", "TOKEN", "TOKEN_FILE", "DATA_DIR"):
        monkeypatch.delenv(f"TRAINWRIGHT_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    yield
    Session.set_endpoint()


@pytest.fixture
def session(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The implicit one, by the server on this machine."""
    monkeypatch.setenv("TRAINWRIGHT_DATA_DIR", str(live.data_dir))
    return Session()


def keys(live: LiveServer) -> tuple[str, str]:
    """The first administrator's."""
    admin = json.loads((live.data_dir / "admin.json").read_text("utf-8"))
    return admin["access_key"], admin["secret_key"]


def test_the_server_on_this_machine_is_found(session: Session, live: LiveServer) -> None:
    assert (session.project_id, session.auth, session.endpoint) == (live.project_id, "token", live.url)
    assert repr(session).startswith(f"<Session of project {live.project_id}")


def test_the_environment_says_where_and_who(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's environment names a token file instead of a token."""
    token = live.data_dir / "token"
    token.write_text(live.token)
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN_FILE", str(token))
    assert Session().obs.is_obs_path_exists("obs://nothing") is False


def test_project_and_region_alone_use_the_token_there_is(live: LiveServer, session: Session) -> None:
    made = Session(project_id=live.project_id, region_name="cn-north-4")
    assert (made.project_id, made.region_name) == (live.project_id, "cn-north-4")
    assert made.obs.is_obs_path_exists("obs://nothing") is False


def test_keys_sign_every_request(live: LiveServer, tmp_path: Path) -> None:
    """Uploads among them; the host is given without a scheme."""
    access_key, secret_key = keys(live)
    host = live.url.removeprefix("http://")
    Session.set_endpoint(iam_endpoint=host, obs_endpoint=host, modelarts_endpoint=host, region_name="here")
    made = Session(access_key, secret_key, live.project_id, security_token="taken")
    assert (made.auth, made.region_name, made.is_signed) == ("aksk", "here", True)
    (tmp_path / "a.txt").write_text("signed")
    assert made.obs.create_bucket("signed-bucket") == {}
    assert made.obs.upload_file(str(tmp_path / "a.txt"), "obs://signed-bucket/x/") == {}
    assert live.get("obs://signed-bucket/x/a.txt") == b"signed"


def test_keys_find_their_project(live: LiveServer) -> None:
    Session.set_endpoint(modelarts_endpoint=live.url)
    assert Session(*keys(live)).project_id == live.project_id


def test_keys_from_the_environment(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    access_key, secret_key = keys(live)
    monkeypatch.setenv("ACCESS_KEY_ID", access_key)
    monkeypatch.setenv("SECRET_ACCESS_KEY", secret_key)
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    made = Session()
    assert (made.auth, made.project_id) == ("aksk", live.project_id)


def test_account_and_password(live: LiveServer) -> None:
    """An account's name alone stands for its first user of the same name."""
    Session.set_endpoint(iam_endpoint=live.url)
    made = Session(username="vision", password=PASSWORD, region_name="here")
    same = Session(account="vision", username="vision", password=PASSWORD, region_name="here")
    assert made.auth == "password"
    assert made.project_id == same.project_id != live.project_id
    assert made.obs.list_objects("obs://signed-bucket-of-nobody/")["error_code"] == "Trainwright.0101"  # type: ignore[call-overload]


def test_nothing_known(live: LiveServer) -> None:
    with pytest.raises(AuthenticationError, match=r"No Trainwright server is known.*trainwright login"):
        Session()


def test_wrong_credentials(live: LiveServer) -> None:
    """Told at once, with the server's code; the traceback ends where the script called."""
    Session.set_endpoint(modelarts_endpoint=live.url)
    access_key, secret_key = keys(live)
    with pytest.raises(AuthenticationError) as caught:
        Session(access_key, secret_key[:-1] + "x", live.project_id, "here")
    assert caught.value.error_code == "APIGW.0301"
    assert len(caught.traceback) == 2  # this function, and the one that was called
    with pytest.raises(AuthenticationError) as caught:
        Session(account="vision", username="vision", password="wrong-one")
    assert caught.value.error_code == "ModelArts.0206"
    with pytest.raises(AuthenticationError, match="belongs to project"):
        Session(access_key, secret_key, "another-project", "here")


def test_wrong_token_is_told_at_first_use(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", "tw_wrong")
    made = Session()
    with pytest.raises(AuthenticationError):
        made.obs.get_default_bucket()
    assert made.obs.create_bucket("a-bucket")["error_code"] == "ModelArts.0205"


def test_halves_of_pairs() -> None:
    with pytest.raises(InvalidArgument, match="access_key and secret_key belong together"):
        Session("AK")
    with pytest.raises(InvalidArgument, match="username and password belong together"):
        Session(username="me")
    with pytest.raises(InvalidArgument, match="not both"):
        Session("AK", "SK", username="me", password="p")


def test_unreachable_server() -> None:
    Session.set_endpoint(modelarts_endpoint="127.0.0.1:9")
    with pytest.raises(NotReachable, match="Cannot reach"):
        Session("AK", "SK", "p", "r")


def test_objects_there_and_back(session: Session, tmp_path: Path) -> None:
    """A folder keeps its name both ways; empty ones are not made."""
    folder = tmp_path / "u"
    (folder / "sub").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("b")
    assert session.obs.create_bucket("obs://copies") == {}
    assert session.obs.upload_dir(f"{folder}/", "obs://copies/in/") == {}
    listed = ["obs://copies/in/u/a.txt", "obs://copies/in/u/sub/b.txt"]
    assert session.obs.list_objects("obs://copies/in/") == listed
    assert session.obs.download_dir("obs://copies/in/u/", f"{tmp_path}/back/") == {}
    assert (tmp_path / "back" / "u" / "sub" / "b.txt").read_text() == "b"
    assert session.obs.download_file("obs://copies/in/u/a.txt", f"{tmp_path}/new/") == {}
    assert session.obs.download_file("obs://copies/in/u/a.txt", f"{tmp_path}/renamed.txt") == {}
    assert (tmp_path / "new" / "a.txt").read_text() == (tmp_path / "renamed.txt").read_text() == "a"
    for path, there in (
        ("obs://copies", True), ("obs://copies/", True), ("obs://copies/in", True), ("obs://copies/in/", True),
        ("obs://copies/in/u/a.txt", True), ("obs://copies/in/u/a.txt/", False), ("obs://copies/i", False),
        ("obs://other", False),
    ):  # fmt: skip
        assert session.obs.is_obs_path_exists(path) is there, path
    assert session.obs.delete_bucket("copies")["error_code"] == "Trainwright.0103"
    assert session.obs.delete_object("obs://copies/in/u/a.txt") == {}
    assert session.obs.delete_object("obs://copies/in/") == {}
    assert session.obs.delete_bucket("copies") == {}


def test_thin_wrappers(session: Session, tmp_path: Path) -> None:
    session.obs.create_bucket("wrapped")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("a")
    assert session.upload_data("/wrapped/x/", str(tmp_path / "d")) == {}
    assert session.upload_data(bucket_path="/wrapped/x/", path=str(tmp_path / "d" / "a.txt")) == {}
    assert session.download_data("/wrapped/x/", str(tmp_path / "e")) == {}
    assert (tmp_path / "e" / "x" / "d" / "a.txt").exists() and (tmp_path / "e" / "x" / "a.txt").exists()
    assert session.download_data("/wrapped/x/a.txt", str(tmp_path / "f.txt")) == {}


def test_paths_that_are_none(session: Session, tmp_path: Path) -> None:
    """ModelArts.2791 with what is wrong; nothing is copied."""
    (tmp_path / "a.txt").write_text("a")
    for answer in (
        session.obs.upload_file(str(tmp_path / "a.txt"), "obs://b/x"),
        session.obs.upload_file(str(tmp_path / "a.txt"), "/b/x/"),
        session.obs.upload_file(str(tmp_path / "a.txt"), "obs://Not_A_Bucket/x/"),
        session.obs.upload_file(str(tmp_path / "a.txt"), "obs://bbb/../x/"),
        session.obs.delete_object("obs://bbb//x"),
        session.obs.upload_file(str(tmp_path / "missing"), "obs://bbb/x/"),
        session.obs.upload_dir(str(tmp_path / "missing"), "obs://bbb/x/"),
        session.obs.upload_dir(str(tmp_path), "obs://bbb/x"),
        session.obs.download_dir("obs://bbb/x", f"{tmp_path}/"),
        session.obs.download_dir("obs://bbb/x/", f"{tmp_path}"),
        session.obs.download_file("obs://bbb/x/", f"{tmp_path}/"),
    ):
        assert answer["error_code"] == "ModelArts.2791" and answer["error_msg"]
    missing = session.obs.download_file("obs://no-such-bucket/x", f"{tmp_path}/y")
    assert missing["error_code"] == "Trainwright.0101"


def test_objects_that_are_too_large(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out of a folder with a note, refused alone."""
    monkeypatch.setattr(obs, "SIZE_MAX", 3)
    session.obs.create_bucket("sizes")
    for name, text in (("small", "abc"), ("large", "abcd")):
        (tmp_path / name).write_text(text)
        session.obs.upload_file(str(tmp_path / name), "obs://sizes/d/")
    answer = session.obs.download_dir("obs://sizes/d/", f"{tmp_path}/back/")
    assert answer == {"left_out": ["large: larger than 3 bytes"]}
    assert [path.name for path in (tmp_path / "back" / "d").iterdir()] == ["small"]
    assert "larger" in session.obs.download_file("obs://sizes/d/large", f"{tmp_path}/x")["error_msg"]


def test_default_bucket(session: Session) -> None:
    """Made once, found again; a folder can be appended."""
    bucket = session.obs.get_default_bucket()
    assert bucket == session.obs.get_default_bucket() == f"obs://modelarts-{session.project_id[:8]}"
    assert session.obs.is_obs_path_exists(bucket)


def test_language_of_the_server(live: LiveServer, session: Session) -> None:
    """The server's sentences come in the session's language."""
    made = Session(language="zh-cn")
    assert "不存在" in made.obs.delete_bucket("no-such-bucket")["error_msg"]


def test_whatever_is_passed_is_answered(session: Session, tmp_path: Path) -> None:
    """No argument of a wrong kind ends in a traceback of ours; paths of this machine may be `Path`s."""
    helpers = session.obs
    assert helpers.create_bucket("any-kind") == {}
    file = tmp_path / "a.txt"
    file.write_text("a")
    assert helpers.upload_file(file, "obs://any-kind/") == {}
    assert helpers.download_file("obs://any-kind/a.txt", tmp_path / "b.txt") == {}
    assert (tmp_path / "b.txt").read_text() == "a"
    wrong: list[tuple[object, str]] = [
        (helpers.create_bucket(None), "ModelArts.2788"),  # type: ignore[arg-type]
        (helpers.upload_file(None, "obs://any-kind/"), "ModelArts.2791"),  # type: ignore[arg-type]
        (helpers.upload_file(file, None), "ModelArts.2791"),  # type: ignore[arg-type]
        (helpers.upload_dir("", "obs://any-kind/"), "ModelArts.2791"),
        (helpers.download_file("obs://any-kind/a.txt", None), "ModelArts.2791"),  # type: ignore[arg-type]
        (session.upload_data(None, None), "ModelArts.2791"),  # type: ignore[arg-type]
        (session.download_data("/any-kind/", None), "ModelArts.2791"),  # type: ignore[arg-type]
    ]
    assert [answer["error_code"] for answer, _ in wrong] == [code for _, code in wrong]  # type: ignore[index]
    answer = helpers.upload_file(tmp_path, "obs://any-kind/")
    assert isinstance(answer, dict)
    assert answer["error_msg"].endswith("It is a folder: use upload_dir.")
    gone = helpers.download_file("obs://any-kind/none", tmp_path)
    assert isinstance(gone, dict)
    assert "does not exist. session.obs.list_objects" in gone["error_msg"]


def test_a_folder_keeps_its_own_name_through_a_link(session: Session, tmp_path: Path) -> None:
    (tmp_path / "v3").mkdir()
    (tmp_path / "v3" / "x").write_text("x")
    (tmp_path / "data").symlink_to(tmp_path / "v3")
    session.obs.create_bucket("links")
    assert session.obs.upload_dir(tmp_path / "data", "obs://links/") == {}
    assert session.obs.list_objects("obs://links/") == ["obs://links/data/x"]


def test_a_whole_bucket_is_not_deleted_by_an_empty_key(session: Session, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    session.obs.create_bucket("kept")
    session.obs.upload_file(tmp_path / "x", "obs://kept/")
    for path in ("obs://kept", "obs://kept/"):
        answer = session.obs.delete_object(path)
        assert isinstance(answer, dict)
        assert answer["error_code"] == "ModelArts.2791"
    assert session.obs.list_objects("obs://kept/") == ["obs://kept/x"]


@pytest.mark.parametrize("language", ["zh", "zh-cn", "zh_CN.UTF-8", "ZH"])
def test_the_language_may_be_written_as_elsewhere(session: Session, language: str) -> None:
    answer = Session(language=language).obs.create_bucket("A_b")
    assert isinstance(answer, dict)
    assert "桶" in answer["error_msg"]


@pytest.mark.parametrize("language", ["klingon", "中文", ""])
def test_a_language_nobody_speaks_is_refused(session: Session, language: str) -> None:
    with pytest.raises(InvalidArgument, match="language"):
        Session(language=language)


@pytest.mark.parametrize("token", ["wrong\ntoken", "tök"])
def test_a_token_no_header_can_carry(session: Session, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """Pasted with a line break, or with something else: said with what to do, not by the HTTP library."""
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", session.endpoint)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", session.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", token)
    with pytest.raises(AuthenticationError, match="Copy it again"):
        Session()
    with pytest.raises(InvalidArgument, match="Copy it again"):
        Session(token, "secret", session.project_id)
