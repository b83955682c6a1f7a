"""What the house is built from: the first admin, the catalogue, and work that survives a database that is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from trainwright.control.loop import ControlLoop
from trainwright.domain.demand import Demand
from trainwright.domain.errors import DatabaseUnavailable, NoCredentials
from trainwright.ports.pools import Pool
from trainwright.ports.uow import PLATFORM
from trainwright.server.bootstrap import House, open_house
from trainwright.server.instance import CannotStart
from trainwright.server.settings import Settings
from trainwright.services import principals
from trainwright.services.credentials import find_key
from trainwright.services.pools import probe_shares

pytestmark = pytest.mark.anyio
URL = "http://127.0.0.1:1"


@asynccontextmanager
async def house(data_dir: Path, **changes: object) -> AsyncIterator[House]:
    """A house that nobody serves."""
    settings = Settings(data_dir=data_dir, sandbox="off").model_copy(update=changes)
    async with open_house(settings, URL) as opened:
        yield opened


async def test_first_admin_survives_a_crash_between_file_and_database(tmp_path: Path) -> None:
    """The token in `admin.json` is the one that works, whenever the first start was cut short; it is made once."""
    stored = {"project_id": "a" * 32, "user": "admin", "token": "tw_from_the_first_try"}
    (tmp_path / "admin.json").write_text(json.dumps(stored))
    async with house(tmp_path) as opened:
        who = await principals.authenticate(opened.services, stored["token"])
        assert (who.project_id, who.user_name, who.is_admin) == ("a" * 32, "admin", True)
    (tmp_path / "admin.json").unlink()
    async with house(tmp_path) as opened:
        await principals.authenticate(opened.services, stored["token"])
    assert not (tmp_path / "admin.json").exists()


async def test_first_access_key_survives_the_same_crash(tmp_path: Path) -> None:
    """Guards the key pair like the token: what stands in `admin.json` is what works; a second start makes none."""
    async with house(tmp_path) as opened:
        stored = json.loads((tmp_path / "admin.json").read_text())
        owner = await find_key(opened.services, stored["access_key"])
        assert owner is not None and owner.secret == stored["secret_key"] and owner.principal.is_admin
        assert (len(stored["access_key"]), len(stored["secret_key"])) == (20, 40)
    assert (tmp_path / "admin.json").stat().st_mode & 0o777 == 0o600
    for name in tmp_path.glob("*.db*"):
        name.unlink()  # the crash came before the database was written
    async with house(tmp_path) as opened:
        assert json.loads((tmp_path / "admin.json").read_text()) == stored
        owner = await find_key(opened.services, stored["access_key"])
        assert owner is not None and owner.secret == stored["secret_key"]


async def test_damaged_admin_file_is_made_anew_on_the_first_start(tmp_path: Path) -> None:
    """Half a file from a crash is not taken for a token."""
    (tmp_path / "admin.json").write_text('{"token": "tw_ha')
    async with house(tmp_path) as opened:
        stored = json.loads((tmp_path / "admin.json").read_text())
        await principals.authenticate(opened.services, stored["token"])
        with pytest.raises(NoCredentials):
            await principals.authenticate(opened.services, "tw_ha")


async def test_secret_stays_the_same(tmp_path: Path) -> None:
    """Attempt tokens and links made before a restart hold after it."""
    async with house(tmp_path) as opened:
        secret = opened.services.secret
    async with house(tmp_path) as opened:
        assert opened.services.secret == secret and len(secret) == 32


async def test_admins_files_replace_the_catalogue(tmp_path: Path) -> None:
    """`engines.yaml` and `flavors.yaml` in the data directory; a named file must exist; mistakes are said."""
    (tmp_path / "engines.yaml").write_text('engines: [{id: mine, name: Mine, version: "1"}]')
    (tmp_path / "flavors.yaml").write_text("flavors: [{id: tiny, resources: {cpus: 1, memory_mib: 64}}]")
    async with house(tmp_path) as opened:
        assert [engine.id for engine in opened.services.catalogue.engines] == ["mine"]
        assert [flavor.id for flavor in opened.services.catalogue.flavors] == ["tiny"]
    with pytest.raises(CannotStart, match="nowhere"):
        async with house(tmp_path, engines_file=tmp_path / "nowhere.yaml"):
            pass
    (tmp_path / "flavors.yaml").write_text("flavors: [{id: tiny}]")
    with pytest.raises(CannotStart, match="resources"):
        async with house(tmp_path):
            pass


async def test_settings_reach_the_services(tmp_path: Path) -> None:
    """Pool, periods, limits and the public address are not just read."""
    async with house(
        tmp_path, public_url="https://train.example", upload_period_s=7, log_limit_bytes=1 << 21
    ) as opened:
        services = opened.services
        assert (services.public_url, services.server_url) == ("https://train.example", URL)
        assert (services.upload_period_s, services.log_limit_bytes) == (7, 1 << 21)
        assert opened.launcher == "process"


class Flaky:
    """A control loop that the database leaves alone the first two times."""

    def __init__(self) -> None:
        self.runs = 0
        self.steady = asyncio.Event()

    async def run(self) -> None:
        """Fail, fail inside a task group, then go on."""
        self.runs += 1
        if self.runs == 1:
            raise DatabaseUnavailable(detail="away")
        if self.runs == 2:
            raise ExceptionGroup("tasks", [DatabaseUnavailable(detail="away")])
        self.steady.set()
        await asyncio.Event().wait()


async def test_database_that_is_away_does_not_end_the_server(tmp_path: Path) -> None:
    """The control loop is begun again; anything else is a bug and ends the process."""
    async with house(tmp_path) as opened:
        flaky = Flaky()
        work = asyncio.create_task(replace(opened, control=cast(ControlLoop, flaky), retry_s=0).work())
        await flaky.steady.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert flaky.runs == 3


async def test_pools_are_known_to_the_backend_from_the_start(tmp_path: Path) -> None:
    """Guards a crash between the commit of a pool and the word to the backend: the next start gives it."""
    async with house(tmp_path) as opened:
        with opened.services.units(PLATFORM) as uow:
            project = json.loads((tmp_path / "admin.json").read_text())["project_id"]
            uow.pools.add(Pool("pool-a", project, "", "night", {}, 1000, 512, 0))
            uow.commit()
        assert list(await probe_shares(opened.services)) == [""]
    async with house(tmp_path) as opened:
        uses = await probe_shares(opened.services)
        assert uses["pool-a"].size == Demand(1000, 512)
