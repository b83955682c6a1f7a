"""Both languages, everywhere."""

import string

import pytest

from trainwright.domain import errors
from trainwright.domain.advice import ADVICE, advice_text
from trainwright.domain.entities import Level, Slots, Source
from trainwright.domain.errors import TrainwrightError
from trainwright.domain.reasons import Reason
from trainwright.domain.texts import (
    EVENT_TEXTS,
    REASON_TEXTS,
    Language,
    Text,
    make_event,
    render_event,
    render_note,
)


def _slots(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def _all_errors() -> list[type[TrainwrightError]]:
    found, todo = [], [TrainwrightError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return found


def _has_chinese(sentence: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in sentence)


@pytest.mark.parametrize("code", sorted(EVENT_TEXTS))
def test_event_texts_use_the_same_slots_in_both_languages(code: str) -> None:
    """Guards against a translation that lost a fact."""
    known = EVENT_TEXTS[code]
    assert _slots(known.text.en) == _slots(known.text.zh)
    assert known.level in (Level.INFO, Level.WARNING, Level.ERROR)
    assert known.source in (Source.JOB, Source.TASK)
    if code != "task_message":
        assert _has_chinese(known.text.zh)
        assert not _has_chinese(known.text.en)


@pytest.mark.parametrize("kind", _all_errors(), ids=lambda kind: kind.__name__)
def test_errors_speak_both_languages_with_the_same_slots(kind: type[TrainwrightError]) -> None:
    """Guards every error class: code form, both texts, both remedies."""
    assert kind.code.startswith(("ModelArts.", "Trainwright.", "APIGW."))
    for text in (kind.text, kind.remedy):
        assert _slots(text.en) == _slots(text.zh)
        assert _has_chinese(text.zh)
        assert text.en[-1] in ".}/"


def test_our_own_error_codes_are_unique() -> None:
    """Guards against one code for two meanings among the codes that are ours to give."""
    ours = [kind.code for kind in _all_errors() if kind.code.startswith("Trainwright.")]
    assert len(ours) == len(set(ours))


def test_events_carry_the_task_tag_and_the_time_used() -> None:
    """Guards the form users know from ModelArts."""
    event = make_event("j", 0, "code_download_done", {"seconds": "0.296"}, task="worker-0")
    assert render_event(event, Language.EN) == "[worker-0] [time used: 0.296s] Code downloaded."
    assert render_event(event, Language.ZH) == "[worker-0] [耗时：0.296 秒] 代码下载完成。"


def test_a_reason_slot_is_put_into_words() -> None:
    """Guards that users read sentences, not enum values."""
    event = make_event("j", 0, "job_failed", {"reason": Reason.OUT_OF_MEMORY.value})
    assert render_event(event, Language.ZH) == "训练作业运行失败：内存不足"
    assert "memory ran out" in render_event(event, Language.EN)


def test_waiting_is_said_as_the_issue_words_it() -> None:
    """Guards the queue sentence."""
    note = render_note("wait_cpus", {"asked": 4, "free": 2, "position": 2}, Language.EN)
    assert note == "Queued: waiting for 4 CPUs, 2 free; position 2."


def test_a_missing_slot_stays_visible_and_an_unknown_code_shows_itself() -> None:
    """Guards against an exception while rendering history of another version."""
    assert Text("a {b}", "甲 {b}").render(Language.EN, {}) == "a {b}"
    event = make_event("j", 0, "job_created", {})
    assert render_event(type(event)("j", 0, "from_the_future"), Language.EN) == "from_the_future"


def test_errors_render_message_and_remedy() -> None:
    """Guards what a caller reads."""
    error = errors.TooManyNodes(count=3, flavor="local.cpu.1u", limit=2)
    assert error.message(Language.ZH) == "请求 3 个节点，规格 local.cpu.1u 最多 2 个。"
    assert error.solution(Language.EN) == "Ask for fewer nodes."
    assert str(error) == "3 nodes asked, flavor local.cpu.1u allows 2."


def test_reason_texts_exist_in_both_languages() -> None:
    """Guards the reason words."""
    for text in REASON_TEXTS.values():
        assert _has_chinese(text.zh)
        assert not _has_chinese(text.en.replace("pip-requirements.txt", ""))


@pytest.mark.parametrize(
    ("code", "detail", "chinese"),
    [
        ("precheck_item_ok", "1 names", "1 个名称"),
        (
            "precheck_item_failed",
            "71.4 GiB free, more than 80.0 GiB needed",
            "可用 71.4 GiB，需大于 80.0 GiB",
        ),
        ("precheck_item_failed", "cannot resolve a, b and 2 more", "无法解析 a, b 等，另有 2 个"),
        (
            "precheck_item_failed",
            "open files 1024, more than 1000000 needed",
            "打开文件数 1024，需大于 1000000",
        ),
        ("precheck_item_failed", "1 of 2 GPUs detected", "需要 2 个 GPU，检测到 1 个"),
        ("hardware_fault", "3 uncorrectable ECC errors", "3 个不可纠正的 ECC 错误"),
        ("job_preempted", "job 1-2, priority 3", "作业 1-2，优先级 3"),
        ("precheck_item_failed", "of a later release", "of a later release"),
    ],
)
def test_details_of_runners_are_read_in_chinese(code: str, detail: str, chinese: str) -> None:
    """Guards against English in the middle of a Chinese sentence; English readers get it as it was said."""
    event = make_event("j", 0, code, {"item": "i", "seconds": "0.1", "detail": detail})
    assert render_event(event, Language.ZH).endswith(f"：{chinese}")
    assert render_event(event, Language.EN).endswith(f": {detail}")


@pytest.mark.parametrize(
    ("rule", "words"), [("never", "does not repeat"), ("not_asked", "0 of 2 restarts used")]
)
def test_why_there_is_no_further_attempt_is_said_in_words(rule: str, words: str) -> None:
    """Guards the rule of `job_not_restarted`."""
    slots: Slots = {"reason": "disk_full", "rule": rule, "used": 0, "limit": 2}
    assert words in render_event(make_event("j", 0, "job_not_restarted", slots), Language.EN)
    assert "规则：" in render_event(make_event("j", 0, "job_not_restarted", slots), Language.ZH)


def test_every_end_that_went_wrong_comes_with_advice_in_both_languages() -> None:
    """Guards against a failure that is told without what to do about it, and advice after a success."""
    assert set(Reason) - set(ADVICE) == {Reason.COMPLETED, Reason.STOPPED_BY_USER}
    for reason, text in ADVICE.items():
        assert _has_chinese(text.zh) and not _has_chinese(text.en)
        assert text.en.endswith(".") and text.zh.endswith("。")
        assert advice_text(reason, Language.ZH) == text.zh and advice_text(reason, Language.EN) == text.en
    assert advice_text(Reason.COMPLETED, Language.EN) == ""
