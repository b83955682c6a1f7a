"""Users, projects, roles and credentials on both databases: kept whole, each within its project, no name twice."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT
from trainwright.db.database import Database
from trainwright.db.schema import training_quotas, workspace_members, workspaces
from trainwright.db.transaction import ScopeBreach
from trainwright.db.unit import Unit
from trainwright.domain.access import ADMINISTRATOR, Action
from trainwright.domain.errors import (
    CredentialNotFound,
    DuplicateProjectName,
    DuplicateUserName,
    ProjectNotFound,
    RoleInUse,
    RoleNotFound,
    TrainwrightError,
    UserNotFound,
)
from trainwright.ports.identity import (
    AccessKey,
    Project,
    Role,
    Token,
    User,
    is_session_of_token,
    sessions_prefix,
)
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork

MINE = Scope(PROJECT, "ann")
THEIRS = Scope(OTHER_PROJECT, "bob")
ANN = User("u1", "ann", PROJECT, True, True, (ADMINISTRATOR,), "$argon2id$x", 5)
BEN = User("u2", "ben", PROJECT, False, False, ("viewer", "night-shift"), "", 5)
BOB = User("u3", "bob", OTHER_PROJECT, False, True, (ADMINISTRATOR,), "", 5)
KEY = AccessKey("A" * 20, "u1", "sealed", "laptop", True, 7, 0)
TOKEN = Token("t1", "u1", "ci", True, 7, 0)
GARBAGE = ("", " ", "\x00", "u1\x00", "\ud800", "'; DROP TABLE users; --", "%", "\u4e2d" * 5000)


@pytest.fixture
def people(database: Database) -> Database:
    """Two projects: ann and ben in ours, bob in theirs."""
    with database.units(PLATFORM) as uow:
        for user, account in ((ANN, "default"), (BEN, "default"), (BOB, "theirs")):
            uow.principals.add_user(user, 5, project_name=account)
        uow.commit()
    return database


def change(database: Database, call: Callable[[UnitOfWork], object], scope: Scope = MINE) -> None:
    """One committed change."""
    with database.units(scope) as uow:
        call(uow)
        uow.commit()


def test_users_come_out_as_they_went_in(people: Database) -> None:
    """Guards every column of a user, paging by name, and the account's name at the log-in."""
    with people.units(MINE, write=False) as uow:
        assert uow.principals.get_user("u1") == ANN
        assert uow.principals.list_users() == (2, (ANN, BEN))
        assert uow.principals.list_users(offset=1, limit=1) == (2, (BEN,))
        assert uow.principals.list_users(offset=2) == (2, ())
    with people.units(PLATFORM, write=False) as uow:
        assert uow.principals.find_user("theirs", "bob") == BOB
        assert uow.principals.find_user("theirs", "ann") is None
        assert uow.principals.find_user("default", "ben") == BEN
        assert uow.principals.list_projects(limit=1) == (2, (Project(PROJECT, "default", 5),))


def test_user_is_changed_and_deleted(people: Database) -> None:
    """A deleted user leaves no credential, membership or quota behind, and can be made anew."""
    renamed = replace(BEN, name="benny", enabled=True, roles=("developer",), password_hash="h")
    change(people, lambda uow: uow.principals.save_user(renamed))
    with people.units(MINE) as uow:
        assert uow.principals.get_user("u2") == renamed
        uow.principals.add_token(replace(TOKEN, user_id="u2"), "hash")
        uow.principals.add_access_key(replace(KEY, user_id="u2"))
        assert isinstance(uow, Unit)
        tx = uow._open()  # whatever lies in tables of other repositories
        place = {"id": "w", "project_id": PROJECT, "name": "w", "description": "", "owner_id": "u1"}
        tx.change(
            workspaces.insert(),
            **place,
            owner_name="ann",
            auth_type="INTERNAL",
            enterprise_project_id="0",
        )
        tx.change(
            workspace_members.insert(), workspace_id="w", user_id="u2", user_name="", user_type="", role=""
        )
        tx.change(
            training_quotas.insert(), project_id=PROJECT, user_id="u2", resource="r", quota=1, extra_info=""
        )
        uow.principals.delete_user("u2")
        with pytest.raises(UserNotFound):
            uow.principals.delete_user("u2")
        with pytest.raises(CredentialNotFound):
            uow.principals.get_token("t1")
        assert uow.principals.find_by_access_key(KEY.access_key, 9) is None
        assert tx.rows(workspace_members.select()) == tx.rows(training_quotas.select()) == []
        uow.principals.add_user(renamed, 9)
        assert uow.principals.get_user("u2") == replace(renamed, created_at_ms=9)


def test_no_two_of_one_name(people: Database) -> None:
    """Names are per project for users, of the whole server for projects; a refusal leaves the unit usable."""
    with people.units(MINE) as uow:
        with pytest.raises(DuplicateUserName):
            uow.principals.add_user(replace(BEN, id="u9"), 5)
        with pytest.raises(DuplicateUserName):
            uow.principals.save_user(replace(BEN, name="ann"))
        with pytest.raises(UserNotFound):
            uow.principals.save_user(replace(BEN, id="u9", name="new"))
        uow.principals.save_user(replace(BEN, name="bob"))  # theirs is another
        uow.commit()
    with people.units(PLATFORM) as uow:
        with pytest.raises(DuplicateProjectName):
            uow.principals.add_project(Project("p9", "theirs", 5))
        with pytest.raises(DuplicateProjectName):
            uow.principals.add_user(User("u9", "x", "p9", False), 5, project_name="theirs")
        uow.principals.add_project(Project("p9", "third", 5))
        assert uow.principals.get_project("p9") == Project("p9", "third", 5)
        assert uow.principals.list_projects()[0] == 3


def test_same_name_at_the_same_time(people: Database) -> None:
    """Two who add the same user: one gets it, the other is told, on both databases."""
    told: list[str] = []
    gate = threading.Barrier(2)

    def add(number: int) -> None:
        gate.wait()
        try:
            change(people, lambda uow: uow.principals.add_user(replace(BEN, id=f"n{number}", name="new"), 5))
            told.append("made")
        except DuplicateUserName:
            told.append("refused")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["made", "refused"]


def test_held_project_waits_for_the_other(people: Database) -> None:
    """Two who each take the role from the other one: the second sees what the first did, so one administrator stays."""
    change(people, lambda uow: uow.principals.save_user(replace(BEN, enabled=True, roles=(ADMINISTRATOR,))))
    gate = threading.Barrier(2)
    left: list[bool] = []

    def demote(user: User) -> None:
        gate.wait()
        with people.units(MINE) as uow:
            assert uow.principals.hold_project(PROJECT).name == "default"
            if uow.principals.other_administrators(user.id):
                uow.principals.save_user(replace(user, roles=()))
                left.append(True)
            uow.commit()

    threads = [threading.Thread(target=demote, args=(user,)) for user in (ANN, replace(BEN, enabled=True))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left == [True]


def test_administrators_are_the_enabled_ones_of_the_project(people: Database) -> None:
    """A disabled one, one of another project, and a role that only sounds alike do not count."""
    with people.units(MINE) as uow:
        assert not uow.principals.other_administrators("u1")
        uow.principals.save_user(replace(BEN, roles=(ADMINISTRATOR,)))
        assert not uow.principals.other_administrators("u1")
        uow.principals.save_user(replace(BEN, enabled=True, roles=("administrator-of-nothing",)))
        assert not uow.principals.other_administrators("u1")
        uow.principals.save_user(replace(BEN, enabled=True, roles=("viewer", ADMINISTRATOR)))
        assert uow.principals.other_administrators("u1")


def test_roles_are_kept_and_give_their_actions(people: Database) -> None:
    """A composed role counts for its users at once; replacing it keeps when it was made; in use it stays."""
    role = Role("night-shift", "stops jobs", (Action.JOB_STOP, "modelarts:pool:*"), 3, 3)
    ben = replace(BEN, enabled=True, roles=("night-shift",))
    with people.units(MINE) as uow:
        uow.principals.save_user(ben)
        uow.principals.add_token(Token("t2", "u2"), "hash-2")
        found = uow.principals.find_by_token("hash-2", 1)
        assert found is not None and not found.actions
        uow.principals.save_role(role, PROJECT)
        uow.principals.save_role(Role("other", "", ("*",), 4, 4), PROJECT)
        assert uow.principals.list_roles() == (role, Role("other", "", ("*",), 4, 4))
        found = uow.principals.find_by_token("hash-2", 1)
        assert found is not None and {Action.JOB_STOP, Action.POOL_CREATE} < found.actions
        assert Action.JOB_CREATE not in found.actions and not found.is_admin
        uow.principals.save_role(replace(role, actions=("x",), created_at_ms=8, updated_at_ms=8), PROJECT)
        assert uow.principals.list_roles()[0] == replace(role, actions=("x",), updated_at_ms=8)
        with pytest.raises(RoleInUse):
            uow.principals.delete_role("night-shift")
        uow.principals.save_user(replace(ben, roles=()))
        uow.principals.delete_role("night-shift")
        with pytest.raises(RoleNotFound):
            uow.principals.delete_role("night-shift")


def test_tokens_count_until_disabled_or_expired(people: Database) -> None:
    """The token's own switch and time, and its user's switch: each of them ends it."""

    def finds(uow: UnitOfWork, now_ms: int = 10) -> bool:
        return uow.principals.find_by_token("hash", now_ms) is not None

    with people.units(MINE) as uow:
        uow.principals.add_token(TOKEN, "hash")
        assert uow.principals.get_token("t1") == TOKEN and finds(uow, 2**60)
        uow.principals.save_token(replace(TOKEN, expires_at_ms=20, description="new"))
        assert uow.principals.get_token("t1") == replace(TOKEN, expires_at_ms=20, description="new")
        assert (finds(uow, 19), finds(uow, 20)) == (True, False)
        uow.principals.save_token(replace(TOKEN, enabled=False))
        assert not finds(uow)
        uow.principals.save_token(TOKEN)
        uow.principals.save_user(replace(ANN, enabled=False))
        assert not finds(uow)
        uow.principals.save_user(ANN)
        assert finds(uow)
        uow.principals.delete_token("t1")
        assert not finds(uow)
        with pytest.raises(CredentialNotFound):
            uow.principals.delete_token("t1")
        with pytest.raises(UserNotFound):
            uow.principals.add_token(replace(TOKEN, user_id="nobody"), "hash")


def test_sessions_go_with_the_token_they_were_opened_with(people: Database) -> None:
    """Guards revocation: those of the token, opened with it or with one of its sessions, and no others."""
    ids = ("ab12", "ab1", "login-ff", "ab_2")
    with people.units(MINE) as uow:
        for token_id in ids:
            uow.principals.add_token(Token(token_id, "u1"), f"hash of {token_id}")
            session = f"{sessions_prefix(token_id)}{token_id}1"
            assert is_session_of_token(session) and not is_session_of_token(token_id)
            assert sessions_prefix(session) == sessions_prefix(token_id)
            uow.principals.add_token(Token(session, "u1"), f"hash of {session}")
        everything = {token.id for token in uow.principals.list_tokens("u1")[1]}
        assert len(everything) == 8
        for token_id in ids:
            mine = {one for one in everything if is_session_of_token(one) and one.endswith(f"-{token_id}1")}
            uow.principals.drop_sessions(next(iter(mine)))  # a session's own: none
            assert {token.id for token in uow.principals.list_tokens("u1")[1]} == everything
            uow.principals.drop_sessions(token_id)
            everything -= mine
            assert {token.id for token in uow.principals.list_tokens("u1")[1]} == everything
        assert everything == set(ids)
        uow.principals.add_token(Token("login-ab12-x", "u1"), "hash")
        uow.commit()
    change(people, lambda uow: uow.principals.drop_sessions("ab12"), THEIRS)
    with people.units(MINE, write=False) as uow:
        assert uow.principals.get_token("login-ab12-x").user_id == "u1"


def test_a_token_and_whether_anybody_has_a_password(people: Database) -> None:
    """Guards what sessions ask: the token with its owner while it counts, and the first administrator's state."""
    with people.units(MINE) as uow:
        uow.principals.add_token(replace(TOKEN, expires_at_ms=20), "hash")
        found = uow.principals.find_token("hash", 19)
        assert found is not None
        assert (found[0].user_id, found[1]) == ("u1", replace(TOKEN, expires_at_ms=20))
        assert uow.principals.find_token("hash", 20) is None is uow.principals.find_token("other", 1)
        assert uow.principals.has_passwords()
        uow.commit()
    with people.units(THEIRS, write=False) as uow:
        assert not uow.principals.has_passwords()
        assert uow.principals.find_token("hash", 1) is None


def test_access_keys_count_until_disabled_or_expired(people: Database) -> None:
    """The same for access keys; the key comes back with its sealed secret and its owner."""

    def finds(uow: UnitOfWork, now_ms: int = 10) -> bool:
        return uow.principals.find_by_access_key(KEY.access_key, now_ms) is not None

    with people.units(MINE) as uow:
        uow.principals.add_access_key(KEY)
        found = uow.principals.find_by_access_key(KEY.access_key, 10)
        assert found is not None and found[1] == KEY == uow.principals.get_access_key(KEY.access_key)
        assert (found[0].user_id, found[0].project_id, found[0].is_admin) == ("u1", PROJECT, True)
        assert "sealed" not in repr(KEY) and "argon2" not in repr(ANN)
        later = replace(KEY, expires_at_ms=20, description="new")
        uow.principals.save_access_key(later)
        assert uow.principals.get_access_key(KEY.access_key) == later
        assert (finds(uow, 19), finds(uow, 20)) == (True, False)
        uow.principals.save_access_key(replace(KEY, enabled=False))
        assert not finds(uow)
        uow.principals.save_access_key(KEY)
        uow.principals.save_user(replace(ANN, enabled=False))
        assert not finds(uow)
        uow.principals.save_user(ANN)
        uow.principals.delete_access_key(KEY.access_key)
        assert not finds(uow)
        with pytest.raises(CredentialNotFound):
            uow.principals.delete_access_key(KEY.access_key)
        with pytest.raises(UserNotFound):
            uow.principals.add_access_key(replace(KEY, user_id="nobody"))


def test_credentials_are_listed_newest_first_and_cleared(people: Database) -> None:
    """Pages, counts without log-ins, what has expired goes, and of log-ins only the newest stay."""
    with people.units(MINE) as uow:
        for number in range(4):
            uow.principals.add_token(Token(f"t{number}", "u1", created_at_ms=number), f"hash-{number}")
            log_in = Token(f"login-{number}", "u1", created_at_ms=10 + number, expires_at_ms=100 + number)
            uow.principals.add_token(log_in, f"login-hash-{number}")
            key = replace(KEY, access_key=f"A{number}", created_at_ms=number, expires_at_ms=number)
            uow.principals.add_access_key(key)
        uow.principals.add_token(Token("of ben", "u2"), "hash of ben")
        total, page = uow.principals.list_tokens("u1", offset=3, limit=2)
        assert (total, [token.id for token in page]) == (8, ["login-0", "t3"])
        assert uow.principals.count_tokens("u1") == 4
        uow.principals.drop_log_ins("u1", keep=2)
        kept = [token.id for token in uow.principals.list_tokens("u1")[1]]
        assert kept == ["login-3", "login-2", "t3", "t2", "t1", "t0"]
        total, keys = uow.principals.list_access_keys("u1", offset=1, limit=2)
        assert (total, [key.access_key for key in keys]) == (4, ["A2", "A1"])
        uow.principals.drop_expired("u1", 2)
        assert [key.access_key for key in uow.principals.list_access_keys("u1")[1]] == ["A3", "A0"]
        uow.principals.drop_expired("u1", 102)
        assert [token.id for token in uow.principals.list_tokens("u1")[1]] == ["login-3", *kept[2:]]
        assert uow.principals.count_tokens("u2") == 1


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_nobody(people: Database, text: str) -> None:
    """Guards 4xx instead of 500 for any text in a path, a header or a body."""
    missing: list[tuple[type[TrainwrightError], Callable[[UnitOfWork], object]]] = [
        (UserNotFound, lambda uow: uow.principals.get_user(text)),
        (UserNotFound, lambda uow: uow.principals.delete_user(text)),
        (ProjectNotFound, lambda uow: uow.principals.get_project(text)),
        (ProjectNotFound, lambda uow: uow.principals.hold_project(text)),
        (CredentialNotFound, lambda uow: uow.principals.get_token(text)),
        (CredentialNotFound, lambda uow: uow.principals.delete_token(text)),
        (CredentialNotFound, lambda uow: uow.principals.get_access_key(text)),
        (CredentialNotFound, lambda uow: uow.principals.delete_access_key(text)),
        (RoleNotFound, lambda uow: uow.principals.delete_role(text)),
    ]
    with people.units(PLATFORM) as uow:
        for error, call in missing:
            with pytest.raises(error):
                call(uow)
        assert uow.principals.find_by_token(text, 1) is None is uow.principals.find_token(text, 1)
        uow.principals.drop_sessions(text)
        assert uow.principals.find_by_access_key(text, 1) is None
        assert uow.principals.find_user(text, text) is None
        assert uow.principals.list_tokens(text) == (0, ())
        assert uow.principals.list_access_keys(text) == (0, ())
        assert not uow.principals.other_administrators(text)


def test_another_project_has_no_hold_on_ours(people: Database) -> None:
    """Guards tenants from each other: every read and write of people and credentials."""
    role = Role("night-shift", "", ("*",))
    with people.units(MINE) as uow:
        uow.principals.add_token(TOKEN, "hash")
        uow.principals.add_access_key(KEY)
        uow.principals.save_role(role, PROJECT)
        uow.commit()
    refused: list[tuple[type[Exception], Callable[[UnitOfWork], object]]] = [
        (UserNotFound, lambda uow: uow.principals.get_user("u1")),
        (UserNotFound, lambda uow: uow.principals.save_user(replace(ANN, name="x"))),
        (UserNotFound, lambda uow: uow.principals.delete_user("u1")),
        (UserNotFound, lambda uow: uow.principals.add_token(replace(TOKEN, id="t9"), "hash-9")),
        (UserNotFound, lambda uow: uow.principals.add_access_key(replace(KEY, access_key="B"))),
        (ScopeBreach, lambda uow: uow.principals.add_user(replace(ANN, id="u9"), 1)),
        (ScopeBreach, lambda uow: uow.principals.save_role(role, PROJECT)),
        (ScopeBreach, lambda uow: uow.principals.add_project(Project("p9", "p9"))),
        (ProjectNotFound, lambda uow: uow.principals.get_project(PROJECT)),
        (ProjectNotFound, lambda uow: uow.principals.hold_project(PROJECT)),
        (CredentialNotFound, lambda uow: uow.principals.get_token("t1")),
        (CredentialNotFound, lambda uow: uow.principals.save_token(TOKEN)),
        (CredentialNotFound, lambda uow: uow.principals.delete_token("t1")),
        (CredentialNotFound, lambda uow: uow.principals.get_access_key(KEY.access_key)),
        (CredentialNotFound, lambda uow: uow.principals.save_access_key(KEY)),
        (CredentialNotFound, lambda uow: uow.principals.delete_access_key(KEY.access_key)),
        (RoleNotFound, lambda uow: uow.principals.delete_role("night-shift")),
    ]
    with people.units(THEIRS) as uow:
        for error, call in refused:
            with pytest.raises(error):
                call(uow)
        assert uow.principals.find_by_token("hash", 1) is None
        assert uow.principals.find_by_access_key(KEY.access_key, 1) is None
        assert uow.principals.find_user("default", "ann") is None
        assert uow.principals.list_users()[1] == (BOB,)
        assert uow.principals.list_projects()[1] == (Project(OTHER_PROJECT, "theirs", 5),)
        assert uow.principals.list_tokens("u1") == (0, ())
        assert uow.principals.list_access_keys("u1") == (0, ())
        assert uow.principals.list_roles() == () and not uow.principals.other_administrators("u2")
        uow.principals.drop_expired("u1", 2**60)
        uow.principals.drop_log_ins("u1", keep=0)
        uow.commit()
    with people.units(MINE, write=False) as uow:
        assert uow.principals.get_user("u1") == ANN
        assert uow.principals.list_tokens("u1") == (1, (TOKEN,))
        assert uow.principals.list_access_keys("u1") == (1, (KEY,))
        assert uow.principals.list_roles() == (role,)
