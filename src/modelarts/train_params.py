"""What a job of `modelarts.estimatorV2` is made of: its code, its inputs, its outputs."""

from dataclasses import dataclass
from typing import Literal

AccessMethod = Literal["parameter", "env"]


@dataclass
class TrainingFiles:
    """The code of a job.

    `code_dir`: an OBS folder (`obs://bucket/code/`, `/bucket/code/`), or a folder of this machine, which is uploaded;
    for local training always the latter. `boot_file`: its name below `code_dir`, or its whole path. `obs_path`: the OBS
    folder that a folder of this machine is uploaded to (default: a place of its own in the default bucket).
    """

    code_dir: str | None = None
    boot_file: str | None = None
    obs_path: str | None = None


@dataclass
class InputData:
    """One input. The script learns where it lies by `--<name>=<path>`, or with `access_method="env"` by the variable
    `<name>`.

    `obs_path`: an OBS folder or object; in local training also a zip archive, which is unpacked into `local_path`.
    `local_path`: where it lies for the script: in a job's container, or on this machine in local training.
    `is_local_source`: it lies at `local_path` of this machine already; for a remote job it is uploaded to `obs_path`
    first.
    `dataset_id`, `dataset_version_id` (ours): a version of a registered dataset instead of `obs_path`.
    """

    obs_path: str | None = None
    local_path: str | None = None
    name: str | None = None
    is_local_source: bool = False
    access_method: AccessMethod | None = None
    dataset_id: str | None = None
    dataset_version_id: str | None = None


@dataclass
class OutputData:
    """One output. What the script writes to `local_path` comes to `obs_path`; it learns the path as of an input.

    `prefetch_to_local` (ours): what lies at `obs_path` is there when the script starts.
    """

    obs_path: str | None = None
    name: str | None = None
    local_path: str | None = None
    access_method: AccessMethod | None = None
    prefetch_to_local: bool = False
