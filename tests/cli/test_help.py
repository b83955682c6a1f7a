"""Help and usage errors: examples that parse, and Typer's own words in the user's language."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

from trainwright.cli.chinese import CHINESE
from trainwright.cli.examples import EXAMPLES
from trainwright.cli.lazy import COMMANDS
from trainwright.cli.main import app, main
from trainwright.cli.options import Globals
from trainwright.cli.usage import reword


def root_context() -> typer.Context:
    """The program's own."""
    return typer.Context(get_command(app), info_name="trainwright", obj=Globals())


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by how it is called."""
    context = root_context()
    for name in COMMANDS:
        top = context.command.get_command(context, name)  # type: ignore[attr-defined]  # a group
        children = getattr(top, "commands", None)
        if children is None:
            yield name, top
        for child, command in (children or {}).items():
            yield f"{name} {child}", command


def test_every_command_has_examples_and_every_example_a_command() -> None:
    """A new command without one, or an example of a command that is gone, must not slip through."""
    assert dict(leaves()).keys() == EXAMPLES.keys()


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_parse(path: str) -> None:
    """With the options the command really has; what it is for is said in both languages."""
    command = dict(leaves())[path]
    for about, typed in EXAMPLES[path]:
        assert not about or about in CHINESE, about
        words = shlex.split(typed)
        for sign in (">", "<"):
            words = words[: words.index(sign)] if sign in words else words
        program, *rest = words
        called = path.split()
        assert [program, *rest[: len(called)]] == ["trainwright", *called]
        # Program-wide options may stand anywhere: `main.hoist` moves them.
        given = [word for word in rest[len(called) :]]
        for option in ("--endpoint", "--project"):
            if option in given and option not in {name for param in command.params for name in param.opts}:
                at = given.index(option)
                del given[at : at + 2]
        command.make_context(path, given, parent=root_context())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-us", ("Usage: ", "[OPTIONS]", "[required]", "[default: 16]", "Examples:", "# Draw the loss")),
        ("zh-cn", ("用法：", "[选项]", "[必填]", "[默认值：16]", "示例：", "# 绘制损失曲线")),
        ("en-us", ("Usage: ", "Arguments")),
    ],
)
def test_help_is_in_one_language(
    language: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after help in the other one in the same process."""
    assert main(["job", "metrics", "--help", "--language", language]) == 0
    out = capsys.readouterr().out
    assert [word for word in words if word not in out] == []
    assert "trainwright job metrics digits-1 --name loss --plot" in out


def test_groups_show_their_commands_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    """The program itself, too."""
    for arguments in (["--help"], ["pool", "--help"]):
        main([*arguments, "--language", "zh-cn"])
        out = capsys.readouterr().out
        assert "命令" in out and "Usage" not in out and "Commands" not in out


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        ("job list --limit 0", "'--limit': it must be at least 1", "'--limit'：不能小于 1"),
        ("job list --limit 99", "'--limit': it must be at most 50", "'--limit'：不能大于 50"),
        ("job list --limit x", "'--limit': it must be a whole number", "'--limit'：必须为整数"),
        ("job list --limit", "Option '--limit' needs a value.", "选项 '--limit' 需要取值。"),
        ("job show", "Missing argument 'JOB'.", "缺少参数 'JOB'。"),
        ("job preview", "Missing option '--file' / '-f'.", "缺少选项 '--file' / '-f'。"),
        ("job sho", "No such command 'sho'. Did you mean 'show'?", "没有命令 'sho'。您是否想用 'show'？"),
        ("job xyz", "No such command 'xyz'.", "没有命令 'xyz'。"),
        ("nothing", "No such command 'nothing'.", "没有命令 'nothing'。"),
        ("job show a b", "More arguments than expected: b", "多余的参数：b"),
        ("job create --follow=1", "Option '--follow' takes no value.", "选项 '--follow' 不接受取值。"),
        ("job list --zzz", "No such option: --zzz", "没有选项 --zzz。"),
        (
            "job list -o xml",
            "'--output' / '-o': 'xml' is not one of 'table', 'json', 'yaml'",
            "'--output' / '-o'：'xml' 不是 'table', 'json', 'yaml' 之一",
        ),
    ],
)
def test_usage_errors(arguments: str, english: str, chinese: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the user's words, on stderr, with exit code 2."""
    for language, sentence, start in (("en-us", english, "Error: "), ("zh-cn", chinese, "错误：")):
        assert main([*arguments.split(), "--language", language]) == 2
        captured = capsys.readouterr()
        assert captured.err.splitlines()[0] == start + sentence
        assert captured.out == ""


def test_options_are_suggested() -> None:
    """A word that is nearly right."""
    message = "No such option: --nam (Possible options: --name, --tag)"
    assert reword("en-us", message) == "No such option: --nam. Did you mean --name, --tag?"
    assert reword("zh-cn", "something new") == "something new"
