"""`trainwright slurm check`: whether this server can use the cluster of its settings, and what to do where it cannot.

Looks only; what it starts are tiny jobs of one command on nodes that are free.
"""

import asyncio
import http.client
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from trainwright.backends.slurm import check_nodes as node_rules
from trainwright.backends.slurm import check_rules as rules
from trainwright.backends.slurm.check_rules import Finding, Mark
from trainwright.backends.slurm.commands import CommandFailed, Commands
from trainwright.backends.slurm.parsing import (
    NODES_COMMAND,
    PARTITIONS_COMMAND,
    NodeRow,
    PartitionRow,
    parse_nodes,
    parse_partitions,
)
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.domain.texts import Text
from trainwright.ports.backend import BackendError

SAMPLE = 4
"""Nodes of each partition that are looked at unless all are wanted."""
NODE_WAIT_S = 20
AT_ONCE = 8
PROBE = Path(__file__).with_name("node_probe.py")
_BUSY = ("Unable to allocate", "Requested nodes are busy", "Requested node configuration", "Immediate")


async def check(
    settings: SlurmSettings, url: str, *, all_nodes: bool = False, commands: Commands | None = None
) -> AsyncIterator[Finding]:
    """What is found, line by line as it is. `url`: how nodes reach the server."""
    run = commands or Commands(settings.command, settings.timeout_s)
    said = {tool: await _said(run, tool, "--version") or "" for tool in rules.TOOLS}
    for finding in rules.judge_tools(said):
        yield finding
    if not said["scontrol"]:
        return
    ping = rules.judge_ping(await _said(run, "scontrol", "ping") or "")
    yield ping
    if ping.mark is Mark.BAD:
        return
    partitions = parse_partitions(await _said(run, *PARTITIONS_COMMAND) or "")
    nodes = parse_nodes(await _said(run, *NODES_COMMAND) or "")
    config = rules.parse_config(await _said(run, "scontrol", "show", "config") or "")
    quality = (
        await _said(run, "sacctmgr", "-nP", "show", "qos", "format=name")
        if settings.priorities.by == "qos"
        else None
    )
    judged = (
        rules.judge_partitions(settings, partitions),
        rules.judge_qos(settings, quality),
        rules.judge_gres(settings, nodes),
        rules.judge_config(settings, config),
    )
    for findings in judged:
        for finding in findings:
            yield finding
    folder = await asyncio.to_thread(_Folder.make, settings.shared_dir)
    yield folder.finding
    if folder.finding.mark is Mark.BAD:
        return
    try:
        chosen = choose_nodes(settings, partitions, nodes, everyone=all_nodes)
        addresses = {row.address for row in nodes if row.name in chosen}
        unreached = node_rules.judge_url(url, addresses)
        if unreached is not None:
            yield unreached
        if chosen or rules.partitions_of(settings) <= {row.name for row in partitions}:
            async for finding in _look_at_nodes(settings, run, folder, url, chosen):
                yield finding
    finally:
        await asyncio.to_thread(folder.clear)


def choose_nodes(
    settings: SlurmSettings, partitions: Iterable[PartitionRow], nodes: Iterable[NodeRow], *, everyone: bool
) -> dict[str, str]:
    """Nodes to look at with a partition each: some of every partition, unless all are wanted."""
    usable = {row.name for row in nodes if row.is_usable}
    chosen: dict[str, str] = {}
    for partition in partitions:
        if partition.name in rules.partitions_of(settings) and partition.is_up:
            members = [name for name in partition.nodes if name in usable]
            for name in members if everyone else members[:SAMPLE]:
                chosen.setdefault(name, partition.name)
    return chosen


class _Folder:
    """The shared folder with a mark in it that nodes are to find."""

    def __init__(self, path: Path, finding: Finding, uid: int) -> None:
        self.path = path
        self.finding = finding
        self.uid = uid
        self.name = f".check.{secrets.token_hex(8)}"
        self.text = secrets.token_hex(16)

    @classmethod
    def make(cls, path: Path) -> "_Folder":
        """Put the mark there."""
        slots: dict[str, str | int | float] = {"path": str(path)}
        fine = Finding(Mark.GOOD, Text("{path} can be written here.", "本机可写 {path}。"), slots)
        folder = cls(path, fine, os.geteuid())
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mark = path / folder.name
            draft = mark.with_name(f"{folder.name}.new")
            with draft.open("w", encoding="ascii") as file:
                file.write(folder.text)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(mark)
            folder.uid = mark.stat().st_uid
        except OSError as error:
            folder.finding = Finding(
                Mark.BAD,
                Text("{path} cannot be written here: {detail}.", "本机无法写入 {path}：{detail}。"),
                {**slots, "detail": str(error)},
                Text(
                    "Correct slurm.shared_dir, or give the server's user the folder.",
                    "请修改 slurm.shared_dir，或授予服务器用户该目录的权限。",
                ),
            )
        return folder

    def clear(self) -> None:
        """Take the mark, and what nodes left, away."""
        for path in self.path.glob(f"{self.name}*"):
            path.unlink(missing_ok=True)


async def _look_at_nodes(
    settings: SlurmSettings, run: Commands, folder: _Folder, url: str, chosen: dict[str, str]
) -> AsyncIterator[Finding]:
    if not chosen:
        yield rules.bad(
            Text("No node can be used at the moment.", "当前没有可用节点。"),
            Text("Look at `sinfo -R`.", "请查看 `sinfo -R`。"),
        )
        return
    here = await asyncio.to_thread(_ask_here, url)
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(node: str, partition: str) -> list[Finding]:
        async with gate:
            return await _look_at_node(settings, run, folder, (node, partition), (url, here))

    looks = [asyncio.create_task(look(node, partition)) for node, partition in chosen.items()]
    try:
        told: set[str] = set()
        for each in looks:
            for finding in await each:
                line = f"{finding.text.en}{'' if 'node' in finding.slots else finding.slots}"
                if "node" in finding.slots or line not in told:
                    told.add(line)
                    yield finding
    finally:
        for each in looks:
            each.cancel()


async def _look_at_node(
    settings: SlurmSettings, run: Commands, folder: _Folder, place: tuple[str, str], server: tuple[str, str]
) -> list[Finding]:
    node, partition = place
    patient = Commands(run.prefix, NODE_WAIT_S * 2.0)
    began = time.time()
    try:
        output = await patient(
            *("srun", "--quiet", f"--partition={partition}", f"--nodelist={node}", "--nodes=1", "--ntasks=1"),
            *(
                "--cpus-per-task=1",
                "--mem=64",
                "--time=2",
                f"--immediate={NODE_WAIT_S}",
                "--mpi=none",
                "--chdir=/",
            ),
            *([f"--account={settings.account}"] if settings.account else []),
            *(
                "--job-name=trainwright-check",
                settings.python,
                "-I",
                "-S",
                "-",
                str(folder.path),
                folder.name,
            ),
            *(folder.text, server[0], "0" if settings.sandbox == "off" else "1"),
            given=PROBE.read_text(encoding="utf-8"),
        )
    except CommandFailed as error:
        return [_failed(node, error.said, settings.python)]
    except BackendError as error:
        return [_failed(node, str(error), settings.python)]
    probe = parse_probe(output)
    if probe is None:
        return [_failed(node, output.strip()[-200:] or "-", settings.python)]
    return list(
        node_rules.judge_node(
            settings, node, probe, uid=folder.uid, skew_s=skew(began, float(probe["time"]), time.time()),
            url=server[0], here=server[1],
        )
    )  # fmt: skip


def _failed(node: str, said: str, python: str) -> Finding:
    if any(words in said for words in _BUSY):
        return rules.note(
            Text("Node {node} is busy and was not looked at.", "节点 {node} 繁忙，未检查。"),
            Text("Check again when it is free.", "请在其空闲时重新检查。"),
            node=node,
        )
    return rules.bad(
        Text("Node {node} cannot run {python}: {said}", "节点 {node} 无法运行 {python}：{said}"),
        Text(
            "Install Python from 3.8 on there, or set slurm.python.",
            "请在该节点安装 Python 3.8 或更新版本，或设置 slurm.python。",
        ),
        node=node,
        python=python,
        said=said,
    )


def parse_probe(output: str) -> dict[str, Any] | None:
    """What the node said, whatever its profile scripts printed before."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                return None
            return found if isinstance(found, dict) and "time" in found else None
    return None


def skew(began: float, there: float, ended: float) -> float:
    """Seconds by which the other clock is surely ahead (or behind, negative): it was read between our two moments."""
    if there < began:
        return there - began
    return max(0.0, there - ended)


def _ask_here(url: str) -> str:
    """What is wrong with the server's URL on this host; empty: nothing."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return ""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}/health")
        status = connection.getresponse().status
        return "" if status == 200 else f"status {status}"
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


async def _said(run: Commands, *command: str) -> str | None:
    """The output; None when it cannot be run or says no."""
    try:
        return await run(*command)
    except BackendError:
        return None
