"""Every sentence exists in both languages, and the language is chosen as said."""

import ast
import importlib
import inspect
import pkgutil
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

import trainwright.cli
import trainwright.client
import trainwright.portable
import trainwright.runner
from trainwright.cli import ma_cli
from trainwright.cli.chinese import CHINESE
from trainwright.cli.lazy import COMMANDS
from trainwright.cli.main import app, hoist
from trainwright.cli.options import Globals
from trainwright.cli.texts import pick_language, translate
from trainwright.cli.words import CHECKPOINT_STATES, LEVELS, PHASES, TASK_STATES, TASK_STEPS, code_of, word
from trainwright.domain.checkpoint_formats import State
from trainwright.domain.entities import Level
from trainwright.domain.lifecycle import Phase
from trainwright.runner.supervisor import PREPARATION
from trainwright.services import tasks

SPEAKERS = {"say": 0, "translate": 1}
ERRORS = ("TransferError", "UnsafeKey", "NotConfigured")


def sources() -> Iterator[ast.AST]:
    """Every node of the CLI's, the client's and the portable code."""
    for package in (trainwright.cli, trainwright.client, trainwright.portable):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def said() -> set[str]:
    """Every literal that is said, and every error's text and remedy."""
    found: set[str] = set()
    for node in sources():
        if isinstance(node, ast.Assign) and ast.unparse(node).startswith("names = ("):  # columns of a table
            found |= set(ast.literal_eval(node.value))
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        wanted = [*node.args[SPEAKERS[name] : SPEAKERS[name] + 1]] if name in SPEAKERS else []
        if name in ERRORS:
            wanted = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "remedy")]
        found |= {
            item.value for item in wanted if isinstance(item, ast.Constant) and isinstance(item.value, str)
        }
    return found


def commands() -> Iterator[Any]:
    """Every command and group."""
    root = get_command(app)
    context = typer.Context(root, info_name="trainwright", obj=Globals())
    yield root
    for name in COMMANDS:
        top = root.get_command(context, name)  # type: ignore[attr-defined]  # a group
        yield top
        yield from (getattr(top, "commands", None) or {}).values()
    other = get_command(ma_cli.app)
    yield other
    for top in other.commands.values():  # type: ignore[attr-defined]  # a group
        yield from (top, *(getattr(top, "commands", None) or {}).values())


def test_every_sentence_has_its_chinese() -> None:
    """A new sentence must not slip through in English only."""
    assert said() - CHINESE.keys() == set()


def test_every_help_text_has_its_chinese() -> None:
    """Of every command, option and argument."""
    texts = {
        text
        for command in commands()
        for text in (command.help, *(getattr(p, "help", None) for p in command.params))
    }
    assert {text for text in texts if text} - CHINESE.keys() == set()


def test_translations_have_the_same_slots() -> None:
    """A slot lost in translation loses what the sentence is about."""

    def slots(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [english for english, chinese in CHINESE.items() if slots(english) != slots(chinese)] == []


def test_no_part_of_the_translations_speaks_for_another() -> None:
    """The same English word for two things would be given one Chinese word for both."""
    names = [
        name for _, name, _ in pkgutil.iter_modules(trainwright.cli.__path__) if name.startswith("chinese")
    ]
    parts = [
        part
        for name in names
        for key, part in vars(importlib.import_module(f"trainwright.cli.{name}")).items()
        if not key.startswith("__")
    ]
    tables = [part for part in parts if isinstance(part, Mapping) and part is not CHINESE]
    assert len(tables) > len(names)
    said = {(english, table[english]) for table in tables for english in table if english in CHINESE}
    assert [english for english, text in said if text != CHINESE[english]] == []


def test_every_step_and_state_has_its_words() -> None:
    """One that the runner or the server has and the table lacks would be shown as its code."""
    runner = Path(str(trainwright.runner.__file__)).parent
    set_at = {
        word
        for path in runner.glob("*.py")
        for word in re.findall(r'reporter\.step = "(\w+)"', path.read_text("utf-8"))
    }
    assert len(set_at) > 5
    assert set_at | {name for name, _ in PREPARATION} | {"register"} == TASK_STEPS.keys()
    assert {str(state) for state in State} == CHECKPOINT_STATES.keys()
    assert set(re.findall(r'"(\w+)"', inspect.getsource(tasks._state))) == TASK_STATES.keys()
    assert word(TASK_STEPS, "linger", "zh-cn") == "完成"
    assert word(TASK_STEPS, "brand-new", "zh-cn") == "brand-new"
    assert {str(phase) for phase in Phase} == PHASES.keys()
    assert {Level.INFO, Level.WARNING, Level.ERROR} == LEVELS.keys()


def test_a_state_may_be_given_in_either_language() -> None:
    """What a list shows can be asked for."""
    assert [code_of(PHASES, text) for text in ("Failed", "运行失败", "Odd")] == ["Failed", "Failed", "Odd"]


@pytest.mark.parametrize(
    ("arguments", "env", "expected"),
    [
        ([], {}, "en-us"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh-cn"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en-us"),
        ([], {"LANG": "C", "TRAINWRIGHT_LANGUAGE": "zh-cn"}, "zh-cn"),
        (["--language", "en-us"], {"LANG": "zh_CN.UTF-8"}, "en-us"),
        (["job", "list", "--language=zh-cn"], {}, "zh-cn"),
        (["--", "--language=zh-cn"], {}, "en-us"),
    ],
)
def test_language(arguments: list[str], env: dict[str, str], expected: str) -> None:
    """The flag first, then our variable, then the locale in its usual order."""
    assert pick_language(arguments, env) == expected


def test_program_options_may_stand_anywhere() -> None:
    """`trainwright job list --language zh-cn` is how people type."""
    assert hoist(["job", "list", "--language", "zh-cn", "--token=t", "-o", "json"]) == [
        "--language",
        "zh-cn",
        "--token=t",
        "job",
        "list",
        "-o",
        "json",
    ]
    assert hoist(["job", "--", "--token", "x"]) == ["job", "--", "--token", "x"]


def test_values_with_braces_are_not_formatted() -> None:
    """A server's message may hold anything."""
    assert translate("zh-cn", "Error: {message}", message="{x}") == "错误：{x}"
    assert translate("zh-cn", "{no such sentence") == "{no such sentence"
