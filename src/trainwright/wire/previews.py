"""What a job would be, without creating it: the final command of every role (ours, beside the contract).

`<…>` in commands and values stands for what is known only when the job runs: `<index>` is the task's own number.
"""

from pydantic import Field

from trainwright.wire.model import AnswerModel


class PreviewFolder(AnswerModel):
    """A folder of the job's: `code`, `input` or `output`. `uri` is empty where it lies with the platform."""

    kind: str
    name: str = ""
    path: str
    uri: str = ""
    fetched: bool = True  # what lies in the store is laid there before the start


class RolePreview(AnswerModel):
    """One role: what each of its tasks runs, where, and with what.

    `added`: what of `command`, or in its place, comes from the engine's way of using several nodes. `processes`: how
    many of the user's command run on one node. `started_by`: the program that starts them; empty: the platform itself.
    """

    role: str
    tasks: list[str]
    flavor_id: str
    engine_id: str = ""
    distribution: str = ""
    command: str
    added: list[str] = Field(default_factory=list)
    started_by: str = ""
    processes: int = 1
    working_dir: str
    environment: dict[str, str]
    folders: list[PreviewFolder]
    min_succeeded: int
    min_failed: int
    main: bool = False


class JobPreview(AnswerModel):
    """Answer of `POST /v2/{P}/training-job-previews`. Paths are those of the sandbox; without one, folders lie below
    the task's own.
    """

    roles: list[RolePreview]
