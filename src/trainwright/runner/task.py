"""The task at hand: what every step needs."""

from __future__ import annotations

import os
import time

from . import deferred, sandbox
from .beneath import Place
from .copying import Cancel
from .environment import Interpreter, in_image, inherited, instance_name, job_environment
from .hosts import Peers, host_name, write_host_files, write_mounts
from .launching import of_this_start
from .layout import (
    HOME,
    HOST_FILES,
    JOB_VENV,
    Layout,
    UnsafePath,
    check_absolute,
    has_old_home,
    job_folders,
    read_only,
    working_dir,
)
from .outcome import StepFailed
from .rendezvous import Rounds
from .running import Running
from .staging import Access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .images import ImageRoot
    from .ledger import EventSpool, Slot, State
    from .points import Points
    from .pump import Pump
    from .reporter import Reporter
    from .rundir import RunDir
    from .segments import LogSpool
    from .shipper import LogShipper

SERVICE_TAG = "[ModelArts Service Log]"


class Task:
    """One task's order, state and means. Made once the order is known; holds no logic of the steps."""

    def __init__(
        self,
        *,
        rundir: RunDir,
        launch: dict[str, Any],
        state: State,
        spool: EventSpool,
        log: LogSpool,
        shipper: LogShipper,
        points: Points,
        reporter: Reporter,
        pump: Pump,
        order: dict[str, Any],
        ip: str,
        executable: str,
        archive: str,
    ) -> None:
        self.rundir = rundir
        self.launch = launch
        self.state = state
        self.spool = spool
        self.log = log
        self.shipper = shipper
        self.points = points
        self.reporter = reporter
        self.pump = pump
        self.order = order
        self.ip = ip
        self.executable = executable  # the interpreter that runs the runner
        self.archive = archive  # the runner itself, to be started for helpers of its own
        self.places = Layout(rundir.root, launch["launcher"])
        self._image: ImageRoot | None = None
        self.running: Running | None = None
        self.rounds = Rounds(self)
        self.want_upload: Callable[[], None] = lambda: None  # something in an output is worth keeping now
        self.released = False  # the server does not want the kept environment any more

    def emit(self, code: str, *, start: int = 0, **slots: Slot) -> None:
        """Record an event; it goes out with the next report. `start`: it happens once with each start."""
        self.spool.emit(code, slots, start=start)

    def heed(self, answer: dict[str, Any]) -> None:
        """Take in the answer to a report. What takes time is left to whoever waits for it."""
        self.rounds.heed(answer)
        self.released = self.released or bool(answer.get("release"))

    def line(self, key: str, text: str) -> None:
        """Put a platform line into the log, once for `key` however often this is called. Not while a command writes."""
        end = self.log.end()
        begins = self.state.lines.get(key)
        if begins is not None and begins < end:
            return
        self.state.lines[key] = end
        self.state.save()
        self.log.append(f"{SERVICE_TAG} {_iso_now()} {text}\n".encode("utf-8", "replace"))
        self.shipper.notice()

    def hide(self, text: str) -> str:
        """`text` with paths as the job knows them."""
        return text.replace(self.rundir.root, "") if self.places.sandboxed else text

    def access(self) -> Access:
        """Means to move granted files, with a cancel of its own."""
        return Access(self.launch["server_url"], self.launch["token"], Cancel())

    def place(self, path: str) -> Place:
        """Where the job path `path` lies, for whatever is read or written there once code of the job may have run."""
        return Place(self.rundir.root, check_absolute(path))

    @property
    def python(self) -> Interpreter:
        """The interpreter the job runs on, as found by the engine and requirements steps."""
        facts = self.state.facts
        return Interpreter(facts.get("python", self.executable), facts.get("bin_dirs", ()))

    @property
    def peers(self) -> Peers:
        """All tasks of the attempt, as far as they are known by now."""
        return Peers(self.order, self.rounds.go, self.ip, int(self.state.facts.get("port", 0)))

    def environment(self, started: Mapping[str, str]) -> dict[str, str]:
        """The command's environment. `started`: what its engine's way of starting it adds."""
        rounds = self.rounds
        return job_environment(
            self.order,
            self.places,
            self.python,
            peers=self.peers,
            attempt_key=self.launch["attempt_key"],
            server_url=self.launch["server_url"],
            base=inherited(os.environ) if self.image is None else self._base_in(self.image),
            started={**of_this_start(self.order, self.places, rounds.number, rounds.resume), **started},
        )

    def command(self, argv: list[str], cwd: str, started: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a shim needs to start `argv` in the job path `cwd`, inside the sandbox when there is one.

        Raises:
            UnsafePath: a link lies where the platform's own files belong, or what the sandbox shows to the job.
        """
        if self.places.sandboxed:
            for path in sandbox.sources(self._folders(cwd)):
                self.place(path).open(make=True)
        try:
            self.place(cwd).open(make=True)
        except UnsafePath:
            pass  # a link of the job's own: it is followed where the job's paths are
        self.lay_old_home()
        environment = self.environment(started or {})
        environment["PWD"] = self.places.view(cwd)
        peers = self.peers
        write_host_files(self.place(HOST_FILES), peers)
        image = self.image
        if image is None:
            write_mounts(self.rundir.mounts, peers, sandbox.USERS)
        else:
            etc = image.resolve("/etc")
            write_mounts(self.rundir.mounts, peers, sandbox.USERS, groups=sandbox.GROUPS, etc=etc)
        if self.places.sandboxed:
            argv = [*self._sandbox(cwd), *argv]
        return {
            "argv": argv,
            "env": environment,
            "cwd": "/" if self.places.sandboxed else self.places.real(cwd),
            "cgroup": self.launch.get("cgroup", ""),
            "sandbox": self.places.sandboxed,
            "names": None if self.places.sandboxed else self._names(peers),
            "log_dir": self.rundir.log,
            "log_floor": self.state.log_acked,
            "log_limit_bytes": self.order["log_limit_bytes"],
        }

    def _names(self, peers: Peers) -> dict[str, Any]:
        """Without a sandbox: what the command's own process needs to know its hosts by name (see `child`)."""
        known = [
            dict(zip(role["hosts"], peers.addresses(role))) for role in peers.roles
        ]  # later ones are other names
        return {
            "hosts": os.path.join(self.rundir.mounts, "hosts"),
            "host": host_name(instance_name(self.order)),
            "addresses": {host: address for hosts in known for host, address in hosts.items()},
        }

    def helper(self) -> list[str]:
        """Argv that starts the runner itself beside or below the command; arguments follow."""
        return [self.executable, "-I", "-S", "-u", self.archive]

    def inner_helper(self) -> list[str]:
        """The same for what runs with the command, where the command runs: in an image with the image's Python."""
        if self.image is None:
            return self.helper()
        return [self.python.path, "-I", "-S", "-u", str(deferred.load("image_view").ARCHIVE)]

    def lay_old_home(self) -> None:
        """What commands of ModelArts' first version name. An image's own script is left alone."""
        if has_old_home(self.order):
            deferred.load("old_home").lay(self)

    @property
    def image(self) -> ImageRoot | None:
        """The image the job runs in, once it is ready."""
        known = self.state.facts.get("image")
        if known is None:
            return None
        if self._image is None:
            opened: ImageRoot = deferred.load("images").open_image(known["path"])
            opened.environment = {**opened.environment, **self.order["image"]["environment"]}
            opened.working_dir = self.order["image"]["working_dir"] or opened.working_dir
            self._image = opened
        return self._image

    def _folders(self, cwd: str) -> list[str]:
        """Job paths of what is bound from the task's file tree: the folder to start in unless the image has it."""
        folders = [*job_folders(self.order), cwd]
        if self.image is None or not self.image.has_folder(cwd):
            return folders
        staged = [self.order["code"], *self.order["inputs"], *self.order["outputs"]]
        own = [folder["local_path"] for folder in staged if folder]
        return [path for path in folders if path != cwd or path in own]

    def _base_in(self, image: ImageRoot) -> dict[str, str]:
        """What variables of a job in an image are laid over."""
        base: dict[str, str] = deferred.load("driver").variables(
            self._driver(), in_image(os.environ, image.environment)
        )
        return base

    def _driver(self) -> list[tuple[str, str]]:
        """What a job with accelerators needs of the machine's drivers, if it runs in an image."""
        if not self.order["resources"]["accelerators"]:
            return []
        found: list[tuple[str, str]] = deferred.load("driver").shown(sandbox.look().devices)
        return found

    def _sandbox(self, cwd: str) -> list[str]:
        if self.image is not None:
            view, known = deferred.load("image_view"), self.state.facts["image"]
            line: list[str] = view.argv(
                sandbox.look(),
                self.image,
                view.Mounted(
                    self._folders(cwd),
                    fixed=read_only(self.order),
                    homes=known["homes"],
                    driver=self._driver(),
                ),
                root=self.rundir.root,
                mounts=self.rundir.mounts,
                archive=self.archive,
                host=instance_name(self.order),
                cwd=cwd,
            )
            return line
        interpreters = [self.executable, self.state.facts.get("engine_python", self.executable)]
        return sandbox.argv(
            sandbox.look(),
            root=self.rundir.root,
            mounts=self.rundir.mounts,
            readable=sandbox.readable_prefixes(interpreters, [self.archive]),
            folders=[*job_folders(self.order), cwd],
            fixed=read_only(self.order),
            host=instance_name(self.order),
            cwd=cwd,
        )

    def run(self, step: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Run the command of `step` to its end, or wait for the one that a former life started; its result.

        Raises:
            StepFailed: its shim vanished (reason `runner_lost`).
        """
        self.running = Running(self.rundir, step)
        if not self.running.begun():
            self.running.start(make())
        self.rounds.enforce()
        if self.pump.stop_grace_s is not None:
            self.running.stop()
        running = self.running
        self.pump.until(running.finished)
        self.running = None
        self.shipper.notice()
        result = running.result()
        if result is None:
            raise StepFailed("runner_lost", f"the process that watched {step} was killed", 137)
        return result

    def stop_running(self, grace_s: float) -> None:
        """Pass a stop on to what runs."""
        if "stopping" not in self.state.facts:
            self.state.facts["stopping"] = True
            self.emit("stopping", grace_s=int(grace_s))
            self.state.save()
        deferred.load("inside").tell_stop(self)
        if self.running is not None:
            self.running.stop()

    def job_venv(self) -> str:
        """Prefix of the job's own environment, as the job sees it."""
        return self.places.view(JOB_VENV)

    def cwd(self) -> str:
        """Where the command starts, as a job path: in an image where that says, unless the job says it."""
        image = self.image
        chosen = self.order["working_dir"] or self.order["boot_file"]
        if image is not None and not chosen and image.working_dir.rstrip("/"):
            wanted = check_absolute(image.working_dir)
            return wanted if image.has_folder(wanted) or wanted.startswith("/home/") else HOME
        return working_dir(self.order)


def _iso_now() -> str:
    now = time.time()
    zone = time.strftime("%z", time.localtime(now))
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.localtime(now))}{zone[:3]}:{zone[3:]}"
