"""What is beside a job: metrics, stages, links, several at once, and questions before something is deleted."""

import io
import json
from typing import Any

import pytest

from tests.cli.canned import ID, Shell, job_answer, page_of
from trainwright.cli.asking import confirm
from trainwright.cli.options import Globals

JOB = f"/v2/training-jobs/{ID}"
OTHER = ID.replace("1", "2")


def series(name: str, *values: float | str, attempt: int = 1) -> dict[str, Any]:
    """A series as the server shows it."""
    count = len(values)
    return {
        "name": name, "task": "worker-0", "attempt": attempt, "steps": list(range(0, 10 * count, 10)),
        "values": list(values), "times": [1] * count, "total": count, "complete": True,
    }  # fmt: skip


@pytest.fixture
def reported(shell: Shell) -> Shell:
    """A job that has reported."""
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    answer = {"series": [series("acc", 0.1, 0.9), series("loss", 2.5, "NaN", 0.5)]}
    shell.server.answers[f"GET {JOB}/training-metrics"] = (200, answer)
    return shell


def test_metrics_as_a_table(reported: Shell) -> None:
    """The last value, and the lowest and highest of those that are numbers."""
    code, out, _ = reported("job", "metrics", ID)
    assert code == 0
    assert [line.split() for line in out.splitlines()][1:] == [
        ["acc", "worker-0", "1", "10", "0.9", "0.1", "0.9", "2"],
        ["loss", "worker-0", "1", "20", "0.5", "0.5", "2.5", "3"],
    ]
    assert reported("job", "metrics", ID, "-n", "loss")[1].count("\n") == 2
    assert "最新" in reported("job", "metrics", ID, "--language", "zh-cn")[1]


def test_metrics_for_programs(reported: Shell) -> None:
    """As the server says them; one answer per job."""
    one = json.loads(reported("job", "metrics", ID, "-o", "json")[1])
    assert one["series"][1]["values"] == [2.5, "NaN", 0.5]
    both = json.loads(reported("job", "metrics", ID, ID, "-n", "acc", "-n", "x", "-o", "json")[1])
    assert [[each["name"] for each in job["series"]] for job in both] == [["acc"], ["acc"]]


def test_metrics_drawn(reported: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture a metric; without colours in a pipe, as wide as asked; jobs are told apart."""
    monkeypatch.setenv("COLUMNS", "50")
    code, out, _ = reported("job", "metrics", ID, "--plot", "--height", "5")
    assert code == 0 and "\x1b" not in out and max(map(len, out.splitlines())) <= 50
    assert [line for line in out.splitlines() if line in ("acc", "loss")] == ["acc", "loss"]
    other = job_answer("digits-2")
    other["metadata"]["id"] = OTHER
    reported.server.answers[f"GET /v2/training-jobs/{OTHER}"] = (200, other)
    reported.server.answers[f"GET /v2/training-jobs/{OTHER}/training-metrics"] = (
        200, {"series": [series("acc", 0.2, 0.8)]},
    )  # fmt: skip
    out = reported("job", "metrics", ID, OTHER, "--plot", "-n", "acc", "--ascii")[1]
    assert " * digits  + digits-2" in out.splitlines() and out.isascii()
    assert reported("job", "metrics", ID, OTHER)[1].split()[0] == "JOB"


def test_no_metrics(reported: Shell) -> None:
    """Said on stderr; nothing has failed."""
    reported.server.answers[f"GET {JOB}/training-metrics"] = (200, {"series": []})
    assert reported("job", "metrics", ID, "--plot") == (0, "", "No metrics are reported.\n")


def test_stages_and_links(reported: Shell) -> None:
    """When each stage was; links are made, listed and revoked."""
    stage = {
        "job_id": ID, "name": "running", "en_message": "Runs.", "zh_message": "运行。", "stage_order": 3,
        "start_time": "2026-11-22T08:00:00+00:00", "end_time": "", "sub_stages": [],
    }  # fmt: skip
    answer = {"total_count": 1, "running_records": [{"record_order": 1, "stages": [stage]}]}
    reported.server.answers[f"GET {JOB}/stages"] = (200, answer)
    assert "running  2026-11-22 08:00:00" in reported("job", "stages", ID)[1]
    assert "运行。" in reported("job", "stages", ID, "--language", "zh-cn")[1]
    made = {"obs_url": "http://x/share/1", "link_id": "l1", "expire_time": 1_790_000_000_000}
    reported.server.answers[f"GET {JOB}/tasks/worker-0/logs/url"] = (200, made)
    code, out, err = reported("job", "link", ID)
    assert (code, out) == (0, "http://x/share/1\n") and err.startswith("Anyone may open it until 2026-")
    link = {
        "id": "l1", "task": "worker-0", "attempt": 1, "download": True, "user_name": "admin",
        "create_time": 1, "expire_time": 2,
    }  # fmt: skip
    reported.server.answers[f"GET {JOB}/log-links"] = (200, {"total": 3, "count": 1, "links": [link]})
    code, out, err = reported("job", "links", ID)
    assert "l1" in out and err == "1 of 3 shown\n"
    reported.server.answers[f"DELETE {JOB}/log-links/l1"] = (204, b"")
    assert reported("job", "unlink", ID, "l1")[1] == "l1 opens nothing any more.\n"


def test_several_jobs_are_deleted_at_once(reported: Shell) -> None:
    """All of them or none; one that is named twice is one."""
    other = job_answer("digits-2")
    other["metadata"]["id"] = OTHER
    reported.server.answers["POST /v2/training-job-searches"] = (200, page_of(other))
    reported.server.answers["POST /v2/training-jobs/batch-delete"] = (202, b"")
    code, out, _ = reported("job", "delete", ID, "digits-2", ID)
    assert (code, out) == (0, "Job digits deleted.\nJob digits-2 deleted.\n")
    (body,) = reported.server.bodies("POST /v2/training-jobs/batch-delete")
    assert [job["metadata"]["id"] for job in body["jobs"]] == [ID, OTHER]


class Terminal(io.StringIO):
    """Something a person sits at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "goes_on"), [("y\n", True), ("是\n", True), ("\n", False), ("", False), ("n\n", False)]
)
def test_questions_on_a_terminal(
    typed: str, goes_on: bool, reported: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a yes goes on; everything else changes nothing and ends with 1."""
    reported.server.answers[f"DELETE {JOB}"] = (202, b"")
    said = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("sys.stderr", said)
    code, _, _ = reported("job", "delete", ID)
    assert code == (0 if goes_on else 1)
    assert said.getvalue().startswith("Delete digits with events and logs? [y/N] ")
    assert (f"DELETE {JOB}" in [call for call, _, _ in reported.server.seen]) is goes_on


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script is never made to wait; nor is who says so beforehand."""
    confirm(Globals(), "Delete it?", yes=False)
    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("sys.stderr", Terminal())
    confirm(Globals(), "Delete it?", yes=True)
