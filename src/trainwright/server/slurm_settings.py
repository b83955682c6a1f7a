"""The section `[slurm]` of the settings: which cluster, and what of it is what here."""

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from trainwright.backends.slurm.settings import Priorities, SlurmPool, SlurmSettings

_PATH = re.compile(r"[A-Za-z0-9._+/-]+")  # in options of a batch script, blanks and % mean something
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class SlurmPoolSection(BaseModel):
    """A pool that is a partition, open to every project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partition: str = Field(min_length=1)
    title: str = ""


class SlurmPrioritySection(BaseModel):
    """How priorities reach Slurm. `names`: of the QOS or partitions for priorities 1, 2, 3; `urgent`: above them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Literal["nice", "qos", "partition"] = "nice"
    names: tuple[str, ...] = ()
    urgent: str = ""
    nice_step: int = Field(default=1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.by != "nice" and len(self.names) != 3:
            raise ValueError(f"by {self.by} needs names for the priorities 1, 2 and 3")
        return self


class SlurmSection(BaseModel):
    """The cluster, where `backend = "slurm"`. `shared_dir` has the same path here and on all nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partition: str = ""
    shared_dir: Path | None = None
    server_url: str = ""  # how nodes reach this server; folder:///path: through files; empty: public_url
    pools: dict[str, SlurmPoolSection] = Field(default_factory=dict)
    accelerators: dict[str, str] = Field(default_factory=lambda: {"gpu": "gpu", "npu": "npu"})
    priority: SlurmPrioritySection = SlurmPrioritySection()
    command: tuple[str, ...] = ()
    python: str = Field(default="python3", min_length=1)
    account: str = ""
    options: tuple[str, ...] = ()
    engines_dir: Path | None = None  # empty: `engines` in the shared folder
    shares_store: bool = False
    poll_s: float = Field(default=3.0, ge=0.2, le=300)
    timeout_s: float = Field(default=20.0, ge=1, le=28)  # below that of calls of the control loop

    @field_validator("server_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        parts = urlsplit(value)
        is_folder = parts.scheme == "folder" and not parts.netloc and parts.path.startswith("/")
        if value and not is_folder and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("it must be an http:// or https:// URL, or folder:/// and an absolute path")
        return value.rstrip("/")

    @field_validator("shared_dir", "engines_dir")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("it must be an absolute path, the same here and on all nodes")
        if value is not None and _PATH.fullmatch(str(value)) is None:
            raise ValueError("Slurm takes only letters, digits and ._+-/ in it")
        return value

    @field_validator("pools")
    @classmethod
    def _are_names(cls, value: dict[str, SlurmPoolSection]) -> dict[str, SlurmPoolSection]:
        for name in value:
            if _NAME.fullmatch(name) is None:
                raise ValueError(f"{name!r} cannot be the id of a pool")
        return value

    @field_validator("accelerators")
    @classmethod
    def _are_kinds(cls, value: dict[str, str]) -> dict[str, str]:
        if not value.keys() <= {"gpu", "npu"}:
            raise ValueError("kinds of accelerators are gpu and npu")
        return value

    @field_validator("options")
    @classmethod
    def _are_lines(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for option in value:
            if not option.startswith("-") or "\n" in option:
                raise ValueError(f"{option!r} is not an option of sbatch")
        return value

    def to_settings(self, sandbox: Literal["auto", "on", "off"]) -> SlurmSettings:
        """What the backend takes.

        Raises:
            ValueError: the partition or the shared folder is missing.
        """
        if not self.partition or self.shared_dir is None:
            raise ValueError('backend "slurm" needs slurm.partition and slurm.shared_dir')
        names = self.priority.names or ("", "", "")
        return SlurmSettings(
            partition=self.partition,
            shared_dir=self.shared_dir,
            pools={id_: SlurmPool(pool.partition, pool.title) for id_, pool in self.pools.items()},
            accelerators=dict(self.accelerators),
            priorities=Priorities(
                by=self.priority.by,
                names=(names[0], names[1], names[2]),
                urgent=self.priority.urgent,
                nice_step=self.priority.nice_step,
            ),
            command=self.command,
            python=self.python,
            account=self.account,
            options=self.options,
            sandbox=sandbox,
            engines_dir=self.engines_dir,
            shares_store=self.shares_store,
            poll_s=self.poll_s,
            timeout_s=self.timeout_s,
        )
