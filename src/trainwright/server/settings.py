"""The server's settings: one frozen object from file, environment and flags, in rising precedence.

File: TOML at `--config`, else `$TRAINWRIGHT_CONFIG`, else `<data_dir>/server.toml` when it is there.
Environment: `TRAINWRIGHT_<FIELD>`, nested `TRAINWRIGHT_STORAGE__ENDPOINT`; empty variables do not count.
`loading.py` reads them and remembers where each value came from.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from trainwright.domain.texts import Language
from trainwright.ports.audit import Keep
from trainwright.server.slurm_settings import SlurmSection
from trainwright.wire.runner import CheckLimits, QuietLimits

ENV_PREFIX = "TRAINWRIGHT_"
ENV_CONFIG = "TRAINWRIGHT_CONFIG"
ENV_NESTED = "__"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # read, to find an address to call


class StorageSettings(BaseModel):
    """The object store. `folder` lies in the data directory; `s3` is any S3-compatible store (OBS, SeaweedFS, …)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder", "s3"] = "folder"
    endpoint: str = ""
    region: str = "us-east-1"
    path_style: bool = True
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    allow_http: bool = False

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _http_url(value)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = (self.endpoint, self.access_key, self.secret_key.get_secret_value())
        if self.kind == "s3" and not all(given):
            raise ValueError("kind s3 needs endpoint, access_key and secret_key")
        if self.endpoint.startswith("http://") and not self.allow_http:
            raise ValueError("endpoint is plain http; set allow_http = true if that is meant")
        return self


class PoolSettings(BaseModel):
    """What the local backend may give to jobs; None is what the machine has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpus: Annotated[float, Field(gt=0)] | None = None
    memory_mib: Annotated[int, Field(gt=0)] | None = None
    preemption: bool = False


class PrecheckSettings(BaseModel):
    """What a node must have free for a job that is checked before it starts; None is what suits the backend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root_gib: Annotated[int, Field(ge=0)] | None = None
    shm_gib: Annotated[int, Field(ge=0)] | None = None
    cache_gib: Annotated[int, Field(ge=0)] | None = None
    infiniband: bool = False

    def limits(self, *, cluster: bool) -> CheckLimits:
        """The limits on a cluster (as ModelArts has them), or on the server's own machine."""
        root, shm, cache = (32, 1, 32) if cluster else (1, 0, 1)
        return CheckLimits(
            root_mib=1024 * (root if self.root_gib is None else self.root_gib),
            shm_mib=1024 * (shm if self.shm_gib is None else self.shm_gib),
            cache_mib=1024 * (cache if self.cache_gib is None else self.cache_gib),
            infiniband=self.infiniband,
        )


class HangSettings(BaseModel):
    """When a running job is suspected to hang: nothing has moved for `periods` periods and then for a window."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    period_s: float = Field(default=60.0, gt=0)
    periods: int = Field(default=5, ge=1)
    window_s: float = Field(default=600.0, gt=0)
    sample_s: float = Field(default=10.0, gt=0)

    def limits(self) -> QuietLimits | None:
        """As runners take them; None: hangs are not looked for."""
        if not self.enabled:
            return None
        return QuietLimits(
            period_s=self.period_s, periods=self.periods, window_s=self.window_s, sample_s=self.sample_s
        )


class AuditSettings(BaseModel):
    """How long the audit trail reaches back: days, and records at most; 0 lifts a bound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retention_days: int = Field(default=180, ge=0)
    records_max: int = Field(default=5_000_000, ge=0)

    def keep(self) -> Keep:
        """As the sweep takes it."""
        return Keep(days=self.retention_days, records=self.records_max)


class Settings(BaseSettings):
    """All of the server's settings. Paths are absolute; empty texts mean "the default", spelt out by each property."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_NESTED,
        env_ignore_empty=True,
    )

    data_dir: Path
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8600, ge=0, le=65535)  # 0: any free one
    public_url: str = ""  # how others reach this server; empty: http://host:port
    database_url: SecretStr = SecretStr("")  # empty: SQLite in the data directory
    storage: StorageSettings = StorageSettings()
    pool: PoolSettings = PoolSettings()
    precheck: PrecheckSettings = PrecheckSettings()
    hang: HangSettings = HangSettings()
    audit: AuditSettings = AuditSettings()
    backend: Literal["local", "slurm"] = "local"  # where jobs run
    slurm: SlurmSection = SlurmSection()
    sandbox: Literal["auto", "on", "off"] = "auto"
    engines_file: Path | None = None  # catalogue of engines, beside the built-in one
    upload_period_s: int = Field(default=30, ge=1, le=86_400)
    log_limit_bytes: int = Field(default=1 << 30, ge=1 << 20)  # per task and attempt
    retention_days: int = Field(default=0, ge=0)  # ended jobs are deleted after so many days; 0: never
    language: Language = Language.EN
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed: `loading.load` merges the sources, since it has to know where each value came from."""
        return (init_settings,)

    @field_validator("data_dir", "engines_file")
    @classmethod
    def _is_absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(value).expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _http_url(value)

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'trainwright.db'}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK or self.host.startswith("127.")

    def local_url(self, port: int) -> str:
        """How programs on this machine reach the server, which really listens on `port`."""
        host = ANY_HOST.get(self.host, self.host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _http_url(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be an http:// or https:// URL")
    return value.rstrip("/")
