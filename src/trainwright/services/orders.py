"""From a frozen launch to one task's order: what its runner is told (docs/design/runner.md)."""

from collections.abc import Collection
from dataclasses import dataclass

from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import BootFile, Channel, LaunchSpec, RoleSpec, ShellCommand, Work
from trainwright.services import tokens
from trainwright.services.context import Services
from trainwright.services.folders import HOMES, OUTPUTS
from trainwright.services.model_rows import BUCKET as MODELS
from trainwright.services.ownership import is_platforms
from trainwright.wire.runner import (
    CheckLimits,
    Folder,
    Go,
    Grant,
    ImageFolder,
    PathGrant,
    Peer,
    RoleTasks,
    TaskOrder,
    UrlGrant,
)

LOG_DIR = "/home/ma-user/modelarts/log"
NO_CHECK = ("MA_SKIP_IMAGE_DETECT", "MA_DETECT_TRAIN_INJECT_CODE")  # either of them `0`: no pre-check
SUBSCRIBED = "subscribed algorithm"  # in place of where its code lies, which nobody is told
PLACES = {MODELS: "registered model", OUTPUTS: "output model of a job", HOMES: "user home"}
"""Likewise, by bucket of the platform's."""
RUNNER_PATH = "/runner/v1/attempts"


def task_order(
    ctx: Services,
    job: Job,
    row: TaskState,
    attempt: Attempt,
    *,
    strange: Collection[str] = (),
) -> TaskOrder:
    """What the runner of `row` is to do in `attempt`. Depends on stored state only.

    `strange`: buckets that were the project's when the job was made and are not any more. No path on the shared disk
    is handed out for them, and our own routes refuse them.
    """
    launch = job.launch
    role = role_of(launch, row.role)
    work = launch.work_of(role)
    base = f"{ctx.server_url.rstrip('/')}{RUNNER_PATH}/{row.attempt_key}/tasks/{row.name}/files"
    reach = _Reach(ctx, base, strange)
    return TaskOrder(
        job_id=job.id,
        job_name=job.name,
        project_id=job.project_id,
        job_token=tokens.derive_job(ctx.secret, row.attempt_key) if job.user_id else "",
        user_id=job.user_id,
        attempt=attempt.number,
        task=row.name,
        role=role.name,
        index=row.index,
        replicas=role.replicas,
        hosts=host_names(job.id, role),
        resources=role.resources,
        engine=work.engine,
        image=_image_folder(reach, work),
        code=_code_folder(reach, work),
        inputs=tuple(
            _channel_folder(reach, channel, f"inputs/{index}") for index, channel in enumerate(work.inputs)
        ),
        outputs=tuple(
            _channel_folder(reach, channel, f"outputs/{index}") for index, channel in enumerate(work.outputs)
        ),
        log_export=_log_folder(reach, work),
        boot_file=role.command.path if isinstance(role.command, BootFile) else "",
        shell=role.command.line if isinstance(role.command, ShellCommand) else "",
        arguments=tuple(parameter.argument for parameter in work.parameters),
        environment={**(work.engine.environment if work.engine else {}), **work.environment},
        working_dir=work.working_dir,
        upload_period_s=launch.upload_period_s,
        grace_s=launch.grace_s,
        log_limit_bytes=ctx.log_limit_bytes,
        roles=tuple(RoleTasks(name=each.name, hosts=host_names(job.id, each)) for each in launch.roles),
        role_index=launch.roles.index(role),
        processes=role.processes,
        check=_check(ctx, launch, work),
        quiet=ctx.quiet,
        process_retries=launch.process_retries,
        reserve_s=launch.reserve_s,
        go=_go_at_once(launch, row, attempt),
    )


def host_names(job_id: str, role: RoleSpec) -> tuple[str, ...]:
    """Names of the machines of a role's tasks, in order; how they resolve is the runner's matter."""
    domain = f"modelarts-job-{job_id}"
    return tuple(f"{domain}-{task}.{domain}" for task in role.task_names())


def _check(ctx: Services, launch: LaunchSpec, work: Work) -> CheckLimits | None:
    if not launch.precheck or any(work.environment.get(name) == "0" for name in NO_CHECK):
        return None
    return ctx.check


def _go_at_once(launch: LaunchSpec, row: TaskState, attempt: Attempt) -> Go | None:
    """A task that has nobody to wait for need not ask, but for a restart in place: then it is told so by `starts`."""
    if len(launch.task_names()) > 1 or attempt.wanted_starts:
        return None
    return Go(round=0, peers=(Peer(task=row.name, ip=row.ip, port=0),))


def role_of(launch: LaunchSpec, name: str) -> RoleSpec:
    """The role of that name.

    Raises:
        LookupError: task rows and launch disagree, which is a bug.
    """
    for role in launch.roles:
        if role.name == name:
            return role
    raise LookupError(f"job {launch.job_id} has no role {name}")


def buckets_of(launch: LaunchSpec) -> list[str]:
    """Every bucket the job names, in order."""
    uris = [channel.uri for channel in (*launch.all_inputs(), *launch.all_outputs())]
    works = [launch.work_of(role) for role in launch.roles]
    uris += [work.code.uri for work in works if work.code]
    uris += [work.image.uri for work in works if work.image and work.image.uri]
    uris += [work.log_export_uri for work in works if work.log_export_uri]
    return sorted({ObsPath.parse(uri).bucket for uri in uris})


@dataclass(frozen=True, slots=True)
class _Reach:
    """How a task reaches what lies in the store. `base`: the route of ours below which all its folders are."""

    ctx: Services
    base: str
    strange: Collection[str]

    def grant(self, uri: str, section: str) -> Grant:
        """A path on the shared disk when the store has one, else a route of ours below which the runner finds it."""
        path = ObsPath.parse(uri)
        hidden = path.bucket in self.strange or not self.ctx.backend.shares_disk
        shared = None if hidden else self.ctx.objects.shared_path(path)
        return UrlGrant(url=self.url(section)) if shared is None else PathGrant(path=str(shared))

    def url(self, section: str) -> str:
        """The route of one folder."""
        return f"{self.base}/{section}"


def _code_folder(reach: _Reach, work: Work) -> Folder | None:
    if work.code is None:
        return None
    hidden = is_platforms(ObsPath.parse(work.code.uri).bucket)
    return Folder(
        uri="" if hidden else work.code.uri,
        shown=SUBSCRIBED if hidden else "",
        local_path=work.code.local_path,
        grant=reach.grant(work.code.uri, "code/0"),
    )


def _image_folder(reach: _Reach, work: Work) -> ImageFolder | None:
    image = work.image
    if image is None:
        return None
    return ImageFolder(
        name=image.name,
        uri=image.uri,
        local_path="/",
        grant=reach.grant(image.uri, "image/0") if image.uri else PathGrant(path=image.path),
        is_file=True,
        environment=image.environment,
        working_dir=image.working_dir,
    )


def _channel_folder(reach: _Reach, channel: Channel, section: str) -> Folder:
    place = ObsPath.parse(channel.uri)
    hidden = is_platforms(place.bucket)
    return Folder(
        name=channel.name,
        uri="" if hidden else channel.uri,
        shown=PLACES.get(place.bucket, channel.name) if hidden else "",
        local_path=channel.local_path,
        grant=reach.grant(channel.uri, section),
        pass_as=channel.pass_as.value,
        prefetch=channel.prefetch,
        is_file=not place.is_folder,
        manifest_url=reach.url(section) if channel.dataset_version_id else "",
    )


def _log_folder(reach: _Reach, work: Work) -> Folder | None:
    if not work.log_export_uri:
        return None
    return Folder(
        uri=work.log_export_uri,
        local_path=LOG_DIR,
        grant=reach.grant(work.log_export_uri, "log_export/0"),
    )
