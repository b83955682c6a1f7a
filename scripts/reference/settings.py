"""docs/reference/settings.md: every setting of the server."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scripts.reference.markdown import code, page, table
from trainwright.server.settings import ENV_CONFIG, ENV_NESTED, ENV_PREFIX, Settings

INTRODUCTION = f"""
The server reads its settings once, at its start, into one frozen object. Later places win: the default; the TOML file
(`--config`, else `${ENV_CONFIG}`, else `server.toml` in the data directory when it is there); the environment; flags of
`trainwright server`. A name that does not exist is an error. `trainwright config show` prints each value and where it
came from.
"""
EXAMPLE = """
```toml
# server.toml
port = 8600
language = "zh-cn"

[storage]
kind = "s3"
endpoint = "https://obs.example.com"
access_key = "..."
secret_key = "..."
```
"""
# A setting without a line here makes the generator fail, and with it scripts/check.
MEANINGS: Mapping[str, str] = {
    "data_dir": "Folder of everything the server keeps: database, logs, folder store, tokens, runners' work.",
    "host": "Address to listen on. Anything but loopback opens the server to the network.",
    "port": "Port to listen on; 0 takes any free one and publishes it in `server.json`.",
    "public_url": "How others reach this server; empty: `http://host:port`.",
    "database_url": "`postgresql+psycopg://user:password@host/database`; empty: SQLite in the data directory.",
    "storage.kind": "`folder`: buckets are folders in the data directory; `s3`: any S3-compatible store.",
    "storage.endpoint": "URL of the S3-compatible store.",
    "storage.region": "Region named in its signatures.",
    "storage.path_style": "Buckets in the path (`true`) or in the host name.",
    "storage.access_key": "Access key of the store. Jobs never see it.",
    "storage.secret_key": "Secret key of the store. Jobs never see it.",
    "storage.allow_http": "Allow an endpoint without TLS.",
    "pool.cpus": "CPUs the local backend may give to jobs; empty: all of the machine.",
    "pool.memory_mib": "Memory it may give to jobs, in MiB; empty: what the machine has.",
    "pool.preemption": "In the public pool a job of higher priority may end jobs that allow it (`spec.preemptible`).",
    "precheck.root_gib": "GiB a node must have free on its root disk; empty: 32 on a cluster, 1 on this machine.",
    "precheck.shm_gib": "GiB it must have in `/dev/shm`; empty: 1 on a cluster, not checked on this machine.",
    "precheck.cache_gib": "GiB it must have free for `/cache`; empty: 32 on a cluster, 1 on this machine.",
    "precheck.infiniband": "Nodes have InfiniBand: limits of processes are checked, too.",
    "hang.enabled": "Look for training jobs that hang.",
    "hang.period_s": "Seconds of a period in which a process tree is seen to read or write, or not.",
    "hang.periods": "So many periods without, one after the other, and its device (or CPU) is looked at.",
    "hang.window_s": "Seconds that the use of the device must stay the same for a task to count as quiet.",
    "hang.sample_s": "Seconds between two looks at the device.",
    "backend": "Where jobs run: `local`, this machine; `slurm`, the cluster of the section `slurm`.",
    "slurm.partition": "Partition of the public pool.",
    "slurm.shared_dir": "Folder with the same path here and on all nodes, for attempts, engines and the runner.",
    "slurm.server_url": "URL by which nodes reach this server (`folder:///path`: by files); empty: `public_url`.",
    "slurm.pools": "More pools: id to `partition` and `title`.",
    "slurm.accelerators": "GRES of each kind of accelerator, such as `gpu:a100`.",
    "slurm.priority.by": "How priorities reach Slurm: `nice`, or the names of a QOS or partition each.",
    "slurm.priority.names": "The names for priorities 1, 2 and 3; `{partition}` stands for that of the job's pool.",
    "slurm.priority.urgent": "The name for restarts after a fault of a node; empty: that of priority 3.",
    "slurm.priority.nice_step": "Difference in `--nice` between two priorities.",
    "slurm.command": 'What comes before every Slurm command, such as `["ssh", "login1", "--"]`.',
    "slurm.python": "Python 3.8 or newer on the nodes.",
    "slurm.account": "Slurm account of the jobs.",
    "slurm.options": "More options for sbatch, such as `--constraint=ib`.",
    "slurm.engines_dir": "Where nodes build engines; empty: `engines` in the shared folder.",
    "slurm.shares_store": "Nodes see the data directory too: files need not travel through the server.",
    "slurm.poll_s": "Seconds between two looks at Slurm's queue.",
    "slurm.timeout_s": "Seconds until a Slurm command without an answer is given up.",
    "sandbox": "Run jobs in bubblewrap: `auto` where it works, `on` always, `off` never.",
    "engines_file": "YAML catalogue of engines; empty: `engines.yaml` in the data directory, else the built-in one.",
    "upload_period_s": "Seconds between two uploads of a running job's outputs.",
    "log_limit_bytes": "Log bytes kept for each task and attempt; further output is dropped after one notice.",
    "retention_days": "Ended jobs are deleted after so many days; 0: never.",
    "audit.retention_days": "Records of the audit trail are kept so many days; 0: for ever.",
    "audit.records_max": "So many records are kept at most, the newest; 0: without bound.",
    "language": "Language of event texts when a request does not ask for one.",
    "log_level": "Least level of the server's own log.",
    "log_format": "Form of the server's own log: `text` or one JSON object a line.",
}


def settings_page() -> str:
    """One row a setting.

    Raises:
        KeyError: a setting has no line in `MEANINGS`.
    """
    rows = [
        (code(name), code(_variable(name)), _type(field), _default(field), MEANINGS[name])
        for name, field in setting_fields(Settings)
    ]
    heads = ("Setting", "Environment", "Type", "Default", "Meaning")
    return page("Settings of the server", INTRODUCTION, table(heads, rows), "## Example", EXAMPLE)


def setting_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted names of all settings with their fields; sections themselves are left out."""
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from setting_fields(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _variable(name: str) -> str:
    return ENV_PREFIX + name.replace(".", ENV_NESTED).upper()


def _type(field: FieldInfo) -> str:
    text = _type_name(field.annotation)
    limits = [str(limit) for limit in field.metadata if "=" in str(limit) and "Strict" not in str(limit)]
    bounds = ", ".join(limit.partition("(")[2].rstrip(")") for limit in limits)
    return f"{text} ({bounds})" if bounds else text


def _type_name(kind: Any) -> str:
    choices = get_args(kind)
    if choices and all(isinstance(choice, str) for choice in choices):
        return " / ".join(code(choice) for choice in choices)
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return " / ".join(code(str(member.value)) for member in kind.__members__.values())
    if choices:
        return _type_name(choices[0])
    name = str(kind.__name__)
    return {"SecretStr": "secret text", "str": "text", "Path": "path"}.get(name, name)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "chosen by the command"
    value = field.get_default(call_default_factory=True, validated_data={})
    value = getattr(value, "value", value)
    if value is None or str(value) == "":
        return "empty"
    return code(str(value).lower() if isinstance(value, bool) else str(value))
