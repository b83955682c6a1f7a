"""`python -m trainwright.server [run] …`, `config show`, `slurm check`, `openapi`. The CLI starts it for its commands
`server` and `slurm check`.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import uvloop

from trainwright.server import journal
from trainwright.server.app import bare_app
from trainwright.server.bootstrap import ADMIN_FILE, House
from trainwright.server.instance import CannotStart, only_one
from trainwright.server.loading import BadSettings, Loaded, load
from trainwright.server.openapi import describe
from trainwright.server.serving import serve
from trainwright.server.settings import Settings
from trainwright.server.slurm_check import check_slurm

BAD_SETTINGS = 2
FAILED = 1
FLAGS = ("data_dir", "host", "port")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code: 0 fine, 1 cannot start, 2 bad settings or arguments."""
    asked = _parser().parse_args(_with_default(list(sys.argv[1:] if argv is None else argv)))
    if asked.command == "openapi":
        print(json.dumps(describe(bare_app()), ensure_ascii=False, indent=2, sort_keys=True))
        return 0
    try:
        loaded = load({name: getattr(asked, name) for name in FLAGS}, asked.config)
    except BadSettings as exc:
        for problem in exc.problems:
            print(f"error: {problem}", file=sys.stderr)
        return BAD_SETTINGS
    if asked.command == "config":
        print(_shown(loaded, asked.output))
        return 0
    if asked.command == "slurm":
        return asyncio.run(check_slurm(loaded.settings, asked.language, all_nodes=asked.all_nodes))
    return _run(loaded.settings)


def _run(settings: Settings) -> int:
    journal.install(settings.log_level, settings.log_format)
    try:
        with only_one(settings.data_dir), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, _announce))
    except CannotStart as exc:
        print(f"error: {exc}", file=sys.stderr)
        return FAILED
    return 0


def _announce(house: House) -> None:
    settings = house.settings
    lines = [
        f"Trainwright is ready at {house.url}",
        f"  console   {house.url}/console/",
        f"  data      {settings.data_dir}",
        f"  token     {settings.data_dir / ADMIN_FILE}",
        f"  launcher  {house.launcher} ({house.launcher_note})"
        if house.launcher_note
        else f"  launcher  {house.launcher}",
    ]
    if not settings.is_loopback:
        lines.append(
            f"  warning   {settings.host} is reachable from the network and speaks plain HTTP: put a TLS proxy in front"
        )
    print("\n".join(lines), flush=True)


def _shown(loaded: Loaded, output: str) -> str:
    rows = loaded.rows()
    if output == "json":
        return json.dumps(
            {name: {"value": value, "source": source} for name, value, source in rows}, indent=2
        )
    shown = [(name, _text(value), source) for name, value, source in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(2)]
    return "\n".join(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}" for name, value, source in shown)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value in (None, "") else str(value)


def _with_default(arguments: list[str]) -> list[str]:
    known = {"run", "config", "openapi", "slurm", "-h", "--help"}
    return arguments if arguments and arguments[0] in known else ["run", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainwright.server", description="The Trainwright server."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_flags(commands.add_parser("run", help="start the server (the default)"))
    config = commands.add_parser("config", help="settings")
    show = config.add_subparsers(dest="what", required=True).add_parser(
        "show", help="each value and its source"
    )
    _add_flags(show)
    show.add_argument("--output", choices=("table", "json"), default="table")
    slurm = commands.add_parser("slurm", help="the Slurm backend")
    check = slurm.add_subparsers(dest="what", required=True).add_parser(
        "check", help="what keeps this server from using the cluster"
    )
    _add_flags(check)
    check.add_argument(
        "--all-nodes", action="store_true", help="look at every node, not at a few of each partition"
    )
    check.add_argument("--language", default="", help="zh-cn or en-us")
    commands.add_parser("openapi", help="print the OpenAPI description")
    return parser


def _add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="where everything is kept")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", help="port to listen on; 0: any free one")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of settings")


def leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart: everything is closed, and that alone costs up to a second
    (measured 2026-11-22: 0.9 s of a stop of 1.0 s on two busy cores).
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
