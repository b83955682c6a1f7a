"""Rules that find training metrics in logs: what is refused, and what is found."""

import math
import random
from typing import Any

import pytest

from tests.services.world import ALICE, EN, World, job_body
from trainwright.domain.errors import InvalidParam
from trainwright.domain.specs import MetricRule
from trainwright.services import algorithms, jobs, metric_rules
from trainwright.services.log_lines import PLATFORM_LINE
from trainwright.services.metric_rules import LINE_MAX, Finder, Found

pytestmark = pytest.mark.anyio


def search(regex: str, text: bytes) -> Found:
    found = Found()
    Finder(MetricRule(name="loss", regex=regex)).search(text, found)
    return found


def values(regex: str, text: bytes) -> list[float]:
    return list(search(regex, text).values)


@pytest.mark.parametrize(
    ("regex", "text", "expected"),
    [
        (r"loss=(\S+)", b"loss=0.5, loss=0.25\nnothing\nacc=1 loss=-1e-3\n", [0.5, -0.001]),
        (r"loss: *([0-9.]+)", b"step 1 loss:   2.\nloss: x\n", [2.0]),
        (r"^([0-9.]+)$", b"1.5\n 2.5\n3.5 \n4.5", [1.5, 4.5]),
        (r"\A([0-9.]+)\z", b"1.5\n 2.5\n3.5 \n4.5", [1.5, 4.5]),
        (r"(?i)LOSS\s+([0-9.]+)", b"loss\n0.5\nLoss 0.25\n", [0.25]),
        (r"\s*loss=([0-9.]+)", b"a\nloss=1\n\n  loss=2\n", [1.0, 2.0]),
        (r"[^x]*=([0-9])", b"a\nb=1\nc\nd=2\n", [1.0, 2.0]),
        (r"\bloss=(\S+)", b"xloss=1\nloss=2\n", [2.0]),
        ("\u635f\u5931=(\\S+)", "\u635f\u5931=0.5\n\u635f\u5931\uff1d1\n".encode(), [0.5]),
        (r"loss=(\S+)", b"\xff\xfe loss=3 \x80\n", [3.0]),
        (r"(?P<value>[0-9]+)", b"7\n", [7.0]),
        (r"(x)?loss=(?P<value>\S+)", b"loss=3\n", [3.0]),
        (r"loss=(\S+)|acc=(\S+)", b"acc=1\nloss=2\n", [2.0]),
        (
            r"loss=(\S+)",
            b"loss=NaN\nloss=inf\nloss=-Infinity\nloss=1e999\n",
            [math.nan, math.inf, -math.inf, math.inf],
        ),
        (r"()", b"a\nb\n", []),
    ],
)
def test_lines_give_numbers(regex: str, text: bytes, expected: list[float]) -> None:
    """Guards the meaning of a rule: one point a line, ends of lines, bytes that are no text, words for no number."""
    assert repr(values(regex, text)) == repr(expected)


def test_steps_come_from_the_line() -> None:
    """Guards a group called step, wherever it stands."""
    found = search(
        r"step (?P<step>\d+)/.* loss=(\S+)", b"step 5/9 loss=1\nstep 3/9 loss=2\nstep x/9 loss=3\n"
    )
    assert (list(found.steps), list(found.values)) == ([5, 3], [1.0, 2.0])
    found = search(r"(\S+) at (?P<step>\S+)", b"1.5 at 7,\n2.5 at 10.5\n3.5 at 99999999999999999999\n")
    assert (list(found.steps), list(found.values), found.odd_step) == ([7], [1.5], "10.5")


@pytest.mark.parametrize("text", [b"0.5s", b"1,234", b"tensor(0.5", b"--1", b"1_000", b"0x10", b"", b"e5"])
def test_what_is_no_number_is_no_point(text: bytes) -> None:
    """Guards against half a number; what stands before a comma or bracket is one."""
    found = search(r"loss=(\S*)", b"loss=" + text + b"\n" + b"loss=0.5),\n")
    assert list(found.values) == [0.5]
    assert found.odd_value == text.decode()


def test_the_platforms_lines_and_the_ends_of_long_ones_are_not_looked_at() -> None:
    """Guards against points of ours, and bounds what one line may cost."""
    text = (
        PLATFORM_LINE + b"2026 [init] loss=1\n" + b" " * LINE_MAX + b"loss=2\n" + b"loss=3" + b" " * LINE_MAX
    )
    assert values(r"loss=([0-9])", text) == [3.0]


def test_many_lines_at_once_are_the_lines_one_by_one() -> None:
    """Guards the short cut: over random lines and expressions it finds what looking at each line finds."""
    chance = random.Random(11)
    pieces = [b"loss", b"=", b"1", b"2.5", b" ", b"\t", b"x", b"", b"=3", b"acc", b"-", b"\xe6"]
    regexes = [
        r"loss=(\d)", r"^loss\s*=(\S+)$", r"[^=]*=(\S+)", r"(?s).*=(\d)", r"\W(\d)\W", r"\b(\d)\b", r"(\d)\s*$",
        r"(?:loss|acc)[\s\S]*?(\d)", r"^\s*(\d)", r"(?m)^(\d)", r"x*(\d)", r"\n?(\d)", r"\D(\d)(?-m:$)", r"\A(\d)",
    ]  # fmt: skip
    for _ in range(300):
        lines = [b"".join(chance.choices(pieces, k=chance.randrange(7))) for _ in range(chance.randrange(12))]
        for regex in regexes:
            one_by_one = [value for line in lines for value in values(regex, line)]
            assert values(regex, b"\n".join(lines)) == one_by_one, (regex, lines)


@pytest.mark.parametrize("far", [-1, 0, 3])
def test_giving_up_the_short_cut_changes_nothing(far: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the server's time against expressions that reach from line to line, without losing a point."""
    monkeypatch.setattr(metric_rules, "_FAR_MAX", far)
    text = b"".join(b"b=%d\nc\n" % number for number in range(50))
    assert values(r"b[^x]*(\d)", text) == [float(number % 10) for number in range(50)]
    assert values(r"(?s)c.*=(\d)", text) == []


REFUSED: list[tuple[Any, str]] = [
    ({"name": "a", "regex": "loss=("}, "metrics[0].regex"),
    ({"name": "a", "regex": r"(a)(?=b)"}, "metrics[0].regex"),
    ({"name": "a", "regex": "loss"}, "metrics[0].regex"),
    ({"name": "a", "regex": r"(?P<step>\d+)"}, "metrics[0].regex"),
    ({"name": "a", "regex": "(" + "x" * 1024 + ")"}, "metrics[0].regex"),
    ({"name": "a", "regex": "((a{100}){100}){100}"}, "metrics[0].regex"),
    ({"name": "a*", "regex": "(a)"}, "metrics[0].name"),
    ({"name": "a"}, "metrics[0].regex"),
    ({"name": 1, "regex": "(a)"}, "metrics[0].name"),
    ("loss", "metrics[0]"),
]


@pytest.mark.parametrize(("rule", "field"), REFUSED)
async def test_a_rule_that_cannot_work_is_refused_with_its_field(world: World, rule: Any, field: str) -> None:
    """Guards creation: the error names the field, of jobs and of saved algorithms."""
    with pytest.raises(InvalidParam) as caught:
        await world.create(algorithm__metrics=[rule])
    assert caught.value.slots["field"] == f"algorithm.{field}"
    config = {"command": "true", "metrics": [rule]}
    with pytest.raises(InvalidParam) as caught:
        await algorithms.create(world.ctx, ALICE, {"metadata": {"name": "saved"}, "job_config": config})
    assert caught.value.slots["field"] == f"job_config.{field}"


async def test_names_are_told_apart_and_rules_counted(world: World) -> None:
    """Guards series against two rules that count their lines in one."""
    rule = {"name": "loss", "regex": "(a)"}
    with pytest.raises(InvalidParam, match="twice"):
        await world.create(algorithm__metrics=[rule, rule])
    with pytest.raises(InvalidParam, match="more than 50"):
        await world.create(algorithm__metrics=[{"name": f"n{index}", "regex": "(a)"} for index in range(51)])


async def test_rules_are_kept_in_the_launch(world: World) -> None:
    """Guards the way of a rule: of a job, of a saved algorithm, of both, and of an algorithm saved from a job."""
    rules = [{"name": "loss", "regex": r"loss=(\S+)"}, {"name": "acc", "regex": r"acc=(\S+)"}]
    first = await world.create(algorithm__metrics=rules, metadata__name="first")
    assert [rule.name for rule in world.read(first).job.launch.metrics] == ["loss", "acc"]
    saved = await algorithms.save_job(world.ctx, ALICE, first, {"metadata": {"name": "saved"}})
    assert saved.job_config["metrics"] == rules
    own = [{"name": "acc", "regex": "(b)"}, {"name": "lr", "regex": "(c)"}]
    body = job_body(
        metadata__name="second",
        algorithm={
            "id": saved.metadata.id,
            "inputs": job_body()["algorithm"]["inputs"],
            "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": "obs://results/run2/"}}}],
            "metrics": own,
        },
    )
    second = await jobs.create(world.ctx, ALICE, body, EN)
    launch = world.read(second.metadata.id).job.launch
    assert [(rule.name, rule.regex) for rule in launch.metrics] == [
        ("acc", "(b)"), ("lr", "(c)"), ("loss", r"loss=(\S+)")
    ]  # fmt: skip
