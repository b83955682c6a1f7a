"""A job of priority 3 sends a running one away: until its first line, and until the victim trains again."""

import time

from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting, client_of
from tests.e2e.live import LiveServer, user_bytes, wait_for
from trainwright.client.blocking import Client

ONE_PLACE = {"POOL__CPUS": "1", "POOL__MEMORY_MIB": "2048", "POOL__PREEMPTION": "true"}
MARK = b"ready"
VICTIM = "trap 'exit 143' TERM; echo up; while :; do sleep 0.05; done"


def run(setting: Setting) -> list[Row]:
    """The machine has one place. The peer is the same job submitted while the place is free."""
    rounds = setting.amount(15, 2)
    idle, busy, back = [], [], []
    with setting.server("preemption", **ONE_PLACE) as live, client_of(live) as client:
        _first_line_ms(client, _urgent(live, "warm"))
        for number in range(rounds):
            idle.append(_first_line_ms(client, _urgent(live, f"idle-{number}")))
        victim = live.create(_with(live.body("victim", command=VICTIM), priority=1, preemptible=True))
        for number in range(rounds):
            _wait_up(live, victim, number + 1)
            busy.append(_first_line_ms(client, _urgent(live, f"urgent-{number}")))
            ended = time.perf_counter()
            _wait_up(live, victim, number + 2)
            back.append((time.perf_counter() - ended) * 1000)
        job = client.show_job(victim)
    phase = job.status.phase if job.status else "?"
    peer = percentile(idle, 0.5)
    return [
        Row("submit → first line by pre-emption, p50", percentile(busy, 0.5), "ms", None, peer, "place free"),
        Row("submit → first line by pre-emption, worst", max(busy), "ms", None, max(idle), "place free"),
        Row(
            "first line of the other → victim runs again, p50",
            percentile(back, 0.5),
            "ms",
            note=f"victim {phase} after {rounds} pre-emptions",
        ),
    ]


def _with(body: dict[str, object], **policy: object) -> dict[str, object]:
    spec = body["spec"]
    assert isinstance(spec, dict)
    return {**body, "spec": {**spec, "schedule_policy": policy}}


def _urgent(live: LiveServer, name: str) -> dict[str, object]:
    return _with(live.body(name, command=f"echo {MARK.decode()}"), priority=3)


def _wait_up(live: LiveServer, job: str, attempt: int) -> None:
    """Until the script of that attempt has spoken."""

    def is_up() -> bool:
        status = live.show(job)["status"]
        return len(status.get("running_records") or []) >= attempt and b"up" in user_bytes(live.log(job))

    wait_for(is_up, what=f"attempt {attempt} of the victim")


def _first_line_ms(client: Client, body: dict[str, object]) -> float:
    began = time.perf_counter()
    job = client.create_job(body).metadata.id
    seen = b""
    for piece in client.follow_log(job, "worker-0"):
        seen += piece
        if any(line == MARK for line in seen.split(b"\n")[:-1]):
            return (time.perf_counter() - began) * 1000
    raise AssertionError(f"the log ended without {MARK!r}: {seen!r}")
