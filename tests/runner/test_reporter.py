"""When a runner reports."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from trainwright.runner.reporter import Reporter


def test_who_waits_long_asks_less_often() -> None:
    """Guards the server: five times a second at first, every two seconds while somebody prepares for minutes."""
    state: Any = SimpleNamespace(acked_seq=0, started_at_ms=0, final=None, acknowledged=False)
    spool: Any = SimpleNamespace(unacked=[], last_seq=0)
    samples: Any = SimpleNamespace(batches=list)
    reporter = Reporter(state, spool, samples)
    reporter.registered = True

    def asked(seconds: float, began: float) -> list[float]:
        """When reports are sent within that time."""
        now, times = began, []
        while now < began + seconds:
            wait = reporter.due_in(now)
            if wait <= 0 and reporter.next_request(now):
                times.append(now - began)
            now += max(wait, 0.001)
        return times

    reporter.ready = {"round": 0, "port": 1}
    times = asked(300, began=1000)
    assert 45 <= sum(at < 10 for at in times) <= 51
    assert 0.9 <= min(late - early for early, late in pairwise(times) if early > 10) <= 2.1
    assert len(times) < 51 + 10 + 145
    reporter.ready = {"round": 1, "port": 1}  # the next wait begins anew
    assert len(asked(5, began=2000)) >= 20
    reporter.ready = None
    assert len(asked(20, began=3000)) <= 5
