"""From a frozen launch to one task's order: what its runner is told (docs/design/runner.md)."""

from trainwright.domain.entities import Job, TaskState
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import BootFile, Channel, LaunchSpec, RoleSpec, ShellCommand
from trainwright.services.context import Services
from trainwright.wire.runner import Folder, Grant, PathGrant, TaskOrder, UrlGrant

LOG_DIR = "/home/ma-user/modelarts/log"
LOCAL_HOST = "127.0.0.1"  # all tasks of a job on the local backend run on this machine
RUNNER_PATH = "/runner/v1/attempts"


def task_order(ctx: Services, job: Job, row: TaskState, attempt: int) -> TaskOrder:
    """What the runner of `row` is to do in attempt number `attempt`. Depends on stored state only."""
    launch = job.launch
    role = role_of(launch, row.role)
    base = f"{ctx.server_url.rstrip('/')}{RUNNER_PATH}/{row.attempt_key}/tasks/{row.name}/files"
    return TaskOrder(
        job_id=job.id,
        job_name=job.name,
        attempt=attempt,
        task=row.name,
        role=role.name,
        index=row.index,
        replicas=role.replicas,
        hosts=(LOCAL_HOST,) * role.replicas,
        resources=role.resources,
        engine=launch.engine,
        code=_code_folder(ctx, launch, base),
        inputs=tuple(
            _channel_folder(ctx, channel, f"{base}/inputs/{index}")
            for index, channel in enumerate(launch.inputs)
        ),
        outputs=tuple(
            _channel_folder(ctx, channel, f"{base}/outputs/{index}")
            for index, channel in enumerate(launch.outputs)
        ),
        log_export=_log_folder(ctx, launch, base),
        boot_file=role.command.path if isinstance(role.command, BootFile) else "",
        shell=role.command.line if isinstance(role.command, ShellCommand) else "",
        arguments=tuple(f"--{parameter.name}={parameter.value}" for parameter in launch.parameters),
        environment={**(launch.engine.environment if launch.engine else {}), **launch.environment},
        working_dir=launch.working_dir,
        upload_period_s=launch.upload_period_s,
        grace_s=launch.grace_s,
        log_limit_bytes=ctx.log_limit_bytes,
    )


def role_of(launch: LaunchSpec, name: str) -> RoleSpec:
    """The role of that name.

    Raises:
        LookupError: task rows and launch disagree, which is a bug.
    """
    for role in launch.roles:
        if role.name == name:
            return role
    raise LookupError(f"job {launch.job_id} has no role {name}")


def _code_folder(ctx: Services, launch: LaunchSpec, base: str) -> Folder | None:
    if launch.code is None:
        return None
    path = ObsPath.parse(launch.code.uri)
    return Folder(
        uri=launch.code.uri,
        local_path=launch.code.local_path,
        grant=_grant(ctx, path, f"{base}/code/0"),
    )


def _channel_folder(ctx: Services, channel: Channel, url: str) -> Folder:
    path = ObsPath.parse(channel.uri)
    return Folder(
        name=channel.name,
        uri=channel.uri,
        local_path=channel.local_path,
        grant=_grant(ctx, path, url),
        pass_as=channel.pass_as.value,
        prefetch=channel.prefetch,
        is_file=not path.is_folder,
    )


def _log_folder(ctx: Services, launch: LaunchSpec, base: str) -> Folder | None:
    if not launch.log_export_uri:
        return None
    path = ObsPath.parse(launch.log_export_uri)
    return Folder(
        uri=launch.log_export_uri, local_path=LOG_DIR, grant=_grant(ctx, path, f"{base}/log_export/0")
    )


def _grant(ctx: Services, path: ObsPath, url: str) -> Grant:
    """A path on the shared disk when the store has one, else a route of ours below which the runner finds it."""
    shared = ctx.objects.shared_path(path)
    return UrlGrant(url=url) if shared is None else PathGrant(path=str(shared))
