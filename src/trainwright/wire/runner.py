"""What runners and the server say to each other (docs/design/runner.md). The runner itself is standard library only
and reads these as plain JSON; `tests/contract/test_runner_messages.py` holds the two sides together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trainwright.domain.reasons import Reason
from trainwright.domain.specs import EngineSpec, Resources


class Message(BaseModel):
    """Unknown fields are ignored: an old runner may meet a new server and the other way round."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PathGrant(Message):
    """A file or folder on a disk that the runner shares with the store."""

    kind: Literal["path"] = "path"
    path: str


class UrlGrant(Message):
    """A server route below which a folder is listed, read and written (with the attempt token).

    `GET {url}?after=` → `ObjectList`; `POST {url}` with `UploadRequest` → `ObjectList` of PUT targets.
    """

    kind: Literal["url"] = "url"
    url: str


Grant = Annotated[PathGrant | UrlGrant, Field(discriminator="kind")]


class ObjectTarget(Message):
    """One object of a granted folder and how to GET or PUT its bytes. `path` is relative to the folder.

    `authorized` True: the URL is the server's own and wants the attempt token; False: presigned, wants nothing.
    `sha256` (lower-case hex): only bytes of this checksum and of `size` are the object; empty: any are.
    """

    path: str
    size: int
    url: str
    authorized: bool
    sha256: str = ""


class ObjectList(Message):
    """One page; `next_after` empty on the last. `total_bytes`: of all pages; 0: not known."""

    objects: tuple[ObjectTarget, ...]
    next_after: str = ""
    total_bytes: int = 0


class UploadRequest(Message):
    """Files about to be uploaded, relative to the granted folder, with their sizes."""

    files: tuple[tuple[str, int], ...]


class Folder(Message):
    """The code folder, or one input or output channel, with access to its place in the store.

    `manifest_url` (inputs only): what is to be laid is exactly the `ObjectList` there, each object checked against its
    size and SHA-256; `grant` says how the bytes are reached.

    `shown`: what log and events call it instead of naming any place in the store; then `uri` is empty.
    """

    name: str = ""  # empty for the code folder
    uri: str
    shown: str = ""
    local_path: str
    grant: Grant
    pass_as: Literal["argument", "environment"] = "argument"
    prefetch: bool = False
    is_file: bool = False  # an input that is a single object: laid into the folder `local_path`
    manifest_url: str = ""


class ImageFolder(Folder):
    """The image the command runs in: a single archive, or with a path a folder, too. It is not laid at `local_path`: it
    is the file system that all other folders are seen in.
    """

    environment: dict[str, str] = Field(default_factory=dict)
    working_dir: str = ""


class RoleTasks(Message):
    """A role as every task of the job knows it. `hosts`: names of its tasks' machines, in order."""

    name: str
    hosts: tuple[str, ...]


class CheckLimits(Message):
    """What the pre-check demands (facts/modelarts-runtime-facts.md §7). 0: not checked."""

    root_mib: int = 0
    shm_mib: int = 0
    cache_mib: int = 0
    infiniband: bool = False  # then the `ulimit` item, too


class QuietLimits(Message):
    """When a task counts as quiet: no process I/O for `periods` periods, then no change of the device's (or CPU's) use
    over a window. Seconds.
    """

    period_s: float = 60.0
    periods: int = 5
    window_s: float = 600.0
    sample_s: float = 10.0


class ResumePoint(Message):
    """The newest complete checkpoint: in which output (index), and where in it. A folder's path ends in a slash."""

    output: int
    path: str
    step: int = -1


class Peer(Message):
    """A task of the same attempt, ready to meet: its address and a port that was free there."""

    task: str
    ip: str
    port: int


class Go(Message):
    """All tasks are ready for rendezvous number `round`: start the command."""

    round: int
    peers: tuple[Peer, ...]
    resume: ResumePoint | None = None


class TaskOrder(Message):
    """All a runner needs to run one task: the answer to its registration.

    `roles`: of the whole job, in order; the task's own is number `role_index`. `go` is given at once when there is
    nobody to wait for; else it comes with the answer to a report that says `ready`.

    `job_token`: what the job itself may call the server with, as its owner, for objects in `project_id` only; it dies
    with the attempt. Empty: none.

    `arguments` are the user's hyperparameters as `--name=value`; channel arguments are added by the runner, which
    alone knows the real paths. Exactly one of `boot_file` and `shell` is set.
    """

    job_id: str
    job_name: str
    attempt: int
    task: str
    role: str
    index: int
    replicas: int
    hosts: tuple[str, ...]  # of all replicas of this role, in order
    resources: Resources
    engine: EngineSpec | None
    image: ImageFolder | None = None
    code: Folder | None
    inputs: tuple[Folder, ...]
    outputs: tuple[Folder, ...]
    log_export: Folder | None
    boot_file: str = ""
    shell: str = ""
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    project_id: str = ""
    job_token: str = Field(default="", repr=False)
    user_id: str = ""  # whose job it is
    working_dir: str = ""
    upload_period_s: int = 30
    grace_s: int = 30
    log_limit_bytes: int = 1 << 30
    heartbeat_s: float = 5.0
    roles: tuple[RoleTasks, ...] = ()
    role_index: int = 0
    processes: int = 0  # of the command on this node under the Ascend distribution; 0: one per accelerator
    check: CheckLimits | None = None  # pre-check before anything else
    quiet: QuietLimits | None = None
    process_retries: int = (
        0  # when above 0, a failed command waits for the server's verdict before it is final
    )
    reserve_s: int = 0  # keep the environment so long after a failure
    resume: ResumePoint | None = None  # known at once; `go.resume` wins
    go: Go | None = None


class RunnerEvent(Message):
    """A fact of a task. `seq` grows by one within the task's attempt, from 1; `code` is a task code of `texts`."""

    seq: int
    at_ms: int
    code: str
    slots: dict[str, str | int | float] = Field(default_factory=dict)


class Samples(Message):
    """One-second resource samples; see `ports.uow.MetricBatch`."""

    start_s: int
    values: dict[str, list[float]]


PointValue = float | Literal["NaN", "Infinity", "-Infinity"]
"""A number of a series. JSON has no words for what is none, so these three are texts."""


class Points(Message):
    """Training metrics: points of the series `name`, in three lists of one length. `times` are ms UTC.

    A point replaces the one of the same step. What does not fit (names, lengths, too many) is dropped by the server,
    which says so in an event; it never refuses a report for it.
    """

    name: str
    steps: list[int]
    values: list[PointValue]
    times: list[int]


class Ready(Message):
    """The task waits for the others. `round`: how often its processes were started again in place. The port said first
    for a round is the one that all are told: `go` names it, also to the task itself.
    """

    round: int
    port: int = 0
    ip: str = ""  # where to meet it, when that is not its machine's address


class Activity(Message):
    """For how long nothing has moved; `quiet_s` 0: it is active. Sent when it changes and while it is quiet."""

    quiet_s: int = 0
    measure: str = ""  # cpu, gpu or npu


class Failure(Message):
    """The command of start number `round` failed, and the task waits for the verdict."""

    round: int
    reason: Reason
    exit_code: int


class FinalResult(Message):
    """How a task ended. Sent once all log bytes and outputs are stored. `exit_code` is what the user's command gave,
    128 + n when signal n ended it, or a step's own non-zero code when the command never started.
    """

    reason: Reason
    exit_code: int
    message: str = ""


class Report(Message):
    """What a runner sends: whenever something happened, and every `heartbeat_s` seconds anyway. A 2xx answer
    acknowledges all `points`.
    """

    step: str
    started_at_ms: int = 0
    events: tuple[RunnerEvent, ...] = ()
    samples: tuple[Samples, ...] = ()
    points: tuple[Points, ...] = ()
    final: FinalResult | None = None
    ready: Ready | None = None
    activity: Activity | None = None
    failed: Failure | None = None


class ReportAnswer(Message):
    """`acked_seq`: events up to here are stored. `stop_grace_s`: end the user's command now, with this grace; None: go
    on. `starts`: end the command and meet for rendezvous of that number, unless that was done. `stacks`: dump the
    stacks under that number, unless that was done. `finish`: a failed command is final. `go`: start the command.
    `release`: the environment is not wanted any more; a stop without it is for the command only.
    """

    acked_seq: int
    stop_grace_s: int | None = None
    starts: int = 0
    stacks: int = 0
    finish: bool = False
    go: Go | None = None
    release: bool = False


class Registration(Message):
    """A runner introduces itself; repeated after every restart of its supervisor."""

    ip: str
    host: str
    launcher: Literal["process", "sandbox"]
    node: str = ""  # the backend's name of the machine; empty: `host`
    facts: dict[str, Any] = Field(default_factory=dict)


class LogAnswer(Message):
    """Answer to `PUT …/log?offset=`: bytes stored so far. A gap answers 409 with `stored` in the error's text
    and in the header `X-Log-Stored`.
    """

    stored: int
