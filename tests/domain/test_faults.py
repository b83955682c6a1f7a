"""Faults, kept environments and roles in plan(): whose fault it is, who pays, what is told."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.builders import make_attempt, make_job, make_launch, make_role, make_tasks
from trainwright.domain.entities import Attempt, Job, TaskState
from trainwright.domain.faults import ISOLATED_MAX
from trainwright.domain.lifecycle import Phase, Trigger
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.plan import URGENT_WAIT_MS, HangRule, Plan, Snapshot, Stop, Submit, plan
from trainwright.domain.reasons import FREE_RETRIES_MAX, NODE_FAULTS, VERDICTS, Outcome, Reason, Retry

NOW = 10_000_000
HANDLE: dict[str, Any] = {"key": "k"}
GONE, RUNS = Observation(RunState.GONE), Observation(RunState.RUNNING)


def running(*roles: Any, **launch: Any) -> Job:
    """A running job of these roles."""
    return make_job(Phase.RUNNING, make_launch(*(roles or (make_role(),)), **launch), started_at_ms=5)


def step(
    job: Job, tasks: tuple[TaskState, ...], seen: Observation | None = RUNS, now: int = NOW, **attempt: Any
) -> Plan:
    """One step of a job that is up."""
    made = make_attempt(job, **{"handle": HANDLE, "up_at_ms": 5, **attempt})
    return plan(Snapshot(job, made, tasks, seen), now, up_since_ms=0)


def on(made: Plan, tasks: tuple[TaskState, ...], seen: Observation | None, now: int = NOW) -> Plan:
    """The step after `made`."""
    return plan(Snapshot(made.job, made.attempt, tasks, seen), now, up_since_ms=0)


def ended(job: Job, *reasons: Reason | None, **changes: Any) -> tuple[TaskState, ...]:
    """Its tasks on nodes n0, n1, …, ended so one after the other; None: it runs."""
    rows = make_tasks(job, registered_at_ms=5, started_at_ms=6, **changes)
    return tuple(
        replace(row, node=f"n{i}", reason=reason, ended_at_ms=20 + i if reason else 0)
        for i, (row, reason) in enumerate(zip(rows, reasons, strict=True))
    )


def codes(made: Plan) -> list[str]:
    """What was told."""
    return [event.code for event in made.events]


@pytest.mark.parametrize("reason", [Reason.PRECHECK_FAILED, Reason.HARDWARE_FAULT])
def test_a_faulty_node_is_isolated_with_the_commit_that_starts_again(reason: Reason) -> None:
    """Guards isolation as data of the plan, first priority, and who pays."""
    job = running(make_role(replicas=2))
    tasks = ended(job, None, reason, message="no GPU")
    again = on(step(job, tasks), tasks, GONE)
    assert [(out.node, out.reason, out.detail) for out in again.isolated] == [("n1", reason, "no GPU")]
    assert codes(again) == ["node_isolated", "job_restarted"]
    assert again.events[1].slots == {
        "number": 2, "reason": reason.value, "rule": "free", "used": 1, "limit": FREE_RETRIES_MAX
    }  # fmt: skip
    assert again.attempt is not None
    assert again.attempt.urgent
    assert again.job.avoid == ()


def test_a_lost_node_is_avoided_not_isolated() -> None:
    """Guards NODE_LOST: the backend names the node, the next attempt stays away from it."""
    job = running(make_role(replicas=2))
    tasks = ended(job, None, None)
    lost = Observation(RunState.EXITED, reason=Reason.NODE_LOST, nodes=("n1",))
    again = on(step(job, tasks, lost), tasks, GONE)
    assert (again.trigger, again.job.avoid, again.isolated) == (Trigger.REQUEUE, ("n1",), ())
    assert again.attempt is not None
    assert again.attempt.urgent


@pytest.mark.parametrize(("replicas", "avoid"), [(1, ("n0",)), (2, ())])
def test_an_unnamed_lost_node_is_guessed_only_where_there_is_one(
    replicas: int, avoid: tuple[str, ...]
) -> None:
    """Guards against a job that rules out every node of the cluster."""
    job = running(make_role(replicas=replicas))
    tasks = ended(job, *[None] * replicas)
    made = step(job, tasks, Observation(RunState.EXITED, reason=Reason.NODE_LOST))
    assert made.job.avoid == avoid


def test_the_ranks_that_fail_with_a_node_do_not_cost_the_user() -> None:
    """Guards blame: user errors of the others come first, the backend or the faulty node's own word comes later."""
    job = running(make_role(replicas=2))
    tasks = ended(job, Reason.USER_EXIT, None)
    settled = step(job, tasks)
    assert settled.job.reason is Reason.USER_EXIT
    lost = Observation(RunState.EXITED, reason=Reason.NODE_LOST, nodes=("n1",))
    learnt = on(settled, tasks, lost)
    assert (learnt.trigger, learnt.job.reason, learnt.job.avoid) == (None, Reason.NODE_LOST, ("n1",))
    assert on(learnt, tasks, lost).job == learnt.job
    later = ended(job, Reason.USER_EXIT, Reason.HARDWARE_FAULT)
    learnt = on(settled, later, RUNS)
    assert learnt.job.reason is Reason.HARDWARE_FAULT
    assert learnt.attempt is not None
    assert learnt.attempt.end_task == "worker-1"


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (Reason.PREEMPTED, Reason.PREEMPTED),
        (Reason.TIME_LIMIT, Reason.TIME_LIMIT),
        (Reason.NODE_LOST, Reason.NODE_LOST),
        (Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY),
    ],
)
def test_the_backend_knows_why_a_runner_was_evicted(told: Reason | None, end: Reason) -> None:
    """Guards what a runner that gets a signal from outside can only guess."""
    job = running()
    tasks = ended(job, Reason.PREEMPTED)
    over = Observation(RunState.EXITED, reason=told, detail="by job x")
    made = on(step(job, tasks), tasks, over)
    assert made.job.reason is end
    done = on(made, tasks, GONE)
    assert done.closed is None or done.closed.end_reason is end
    if end is Reason.PREEMPTED:
        assert done.trigger is Trigger.REQUEUE
        assert (done.job.free_used, done.job.budget_used) == (0, 0)
        assert [*codes(made), *codes(done)].count("job_preempted") == 1
        (told_by,) = [event.slots for event in made.events if event.code == "job_preempted"]
        assert told_by == {"detail": "by job x"}
        assert on(made, tasks, over).job == made.job


def test_a_runner_alone_is_not_believed_that_it_was_preempted() -> None:
    """Guards against retries that nobody counts: without the backend's word it is a runner that was lost."""
    job, told = running(), []
    for number in range(1, 3 + FREE_RETRIES_MAX):
        tasks = ended(job, Reason.PREEMPTED)
        settled = step(job, tasks)
        over = on(settled, tasks, Observation(RunState.EXITED))
        done = on(over, tasks, GONE)
        told += codes(settled) + codes(done)
        if done.job.phase.is_end:
            break
        assert done.closed is not None
        assert (done.closed.end_reason, done.job.free_used) == (Reason.RUNNER_LOST, number)
        job = replace(done.job, phase=Phase.RUNNING)
    assert (done.job.phase, done.job.reason) == (Phase.ABNORMAL, Reason.RUNNER_LOST)
    assert told.count("job_restarted") == FREE_RETRIES_MAX
    assert told[-1] == "job_abnormal"


def test_a_user_who_stops_is_believed() -> None:
    """Guards that no word of the backend turns a stop into a restart."""
    job = replace(running(), stop_requested_at_ms=7, stop_reason=Reason.STOPPED_BY_USER)
    tasks = ended(job, None)
    stopped = step(job, tasks)
    over = Observation(RunState.EXITED, reason=Reason.PREEMPTED)
    assert on(stopped, tasks, over).job.reason is Reason.STOPPED_BY_USER
    assert on(stopped, tasks, GONE).job.phase is Phase.TERMINATED


def test_an_urgent_attempt_gives_up_after_half_an_hour_in_the_queue_only() -> None:
    """Guards QUEUE_TIMEOUT: not while it starts, not for the time in which we were away."""
    job = make_job(Phase.PENDING)
    tasks = make_tasks(job)
    late = 1_000 + URGENT_WAIT_MS
    queued = Observation(RunState.QUEUED)
    assert step(job, tasks, queued, late - 1, urgent=True).trigger is None
    assert step(job, tasks, queued, late, urgent=False).trigger is None
    assert step(job, tasks, Observation(RunState.STARTING), late, urgent=True).trigger is None
    away = plan(
        Snapshot(job, make_attempt(job, handle=HANDLE, urgent=True), tasks, queued), late, up_since_ms=late
    )
    assert (away.trigger, away.due_at_ms <= late + URGENT_WAIT_MS) == (None, True)
    made = step(job, tasks, queued, late, urgent=True)
    assert (made.trigger, codes(made)) == (Trigger.SETTLE, ["job_queue_timeout"])
    assert on(made, tasks, queued, late).effects == (Stop(30),)
    assert on(made, tasks, GONE, late).job.phase is Phase.ABNORMAL


def test_only_running_counts_for_the_run_time_limit() -> None:
    """Guards auto-stop over attempts: not the queue, not what is kept, but all attempts."""
    job = running(max_run_s=100)
    tasks = ended(job, None)
    up = NOW - 60_000
    assert step(job, tasks, up_at_ms=up, ran_before_ms=39_999).trigger is None
    assert step(job, tasks, up_at_ms=up, ran_before_ms=40_000).job.reason is Reason.TIME_LIMIT
    waiting = make_job(Phase.PENDING, make_launch(max_run_s=1), started_at_ms=5, attempt_number=2)
    queued = Observation(RunState.QUEUED)
    assert step(waiting, make_tasks(waiting), queued, up_at_ms=0, ran_before_ms=999).trigger is None
    terminating = replace(job, phase=Phase.TERMINATING, reason=Reason.PREEMPTED)
    again = step(terminating, tasks, GONE, up_at_ms=up, settled_at_ms=up + 7_000, ran_before_ms=5_000)
    assert again.attempt is not None
    assert again.attempt.ran_before_ms == 12_000


def test_a_failed_jobs_environment_is_kept_until_its_time_or_a_stop() -> None:
    """Guards `reserved_time`: held without a word to the backend, then ended as the failure it was."""
    job = running(reserve_s=3600)
    tasks = ended(job, Reason.USER_EXIT)
    kept = step(job, tasks)
    assert (kept.trigger, codes(kept)) == (Trigger.SETTLE, ["environment_kept"])
    assert kept.events[0].slots == {"reason": "user_exit", "hours": "1"}
    until = NOW + 3_600_000
    for now in (NOW, until - 1):
        assert on(kept, tasks, RUNS, now).effects == ()
    assert on(kept, tasks, RUNS, until - 1).due_at_ms == until
    assert on(kept, tasks, RUNS, until + 5_000).effects == (Stop(30),)
    asked = replace(kept, job=replace(kept.job, stop_requested_at_ms=NOW + 9))
    assert on(asked, tasks, RUNS, NOW + 5_009).effects == (Stop(30),)
    done = on(asked, tasks, GONE, NOW + 10)
    assert (done.job.phase, codes(done)) == (Phase.FAILED, ["environment_released", "job_failed"])


@pytest.mark.parametrize(
    ("reason", "launch"),
    [
        (Reason.COMPLETED, {}),
        (Reason.USER_EXIT, {"retry_budget": 1, "retry_unconditional": True}),
        (Reason.PREEMPTED, {}),
        (Reason.HARDWARE_FAULT, {}),
    ],
)
def test_nothing_is_kept_of_what_did_not_fail_for_good(reason: Reason, launch: dict[str, Any]) -> None:
    """Guards that a restart does not wait for hours."""
    job = running(reserve_s=3600, **launch)
    made = step(job, ended(job, reason))
    assert made.attempt is not None
    assert made.attempt.reserved_until_ms == 0


def test_roles_are_told_how_they_ended_when_the_job_is_decided() -> None:
    """Guards events of roles, and that a job of one role is not told about it."""
    job = running(make_role("chief", main=True), make_role("ps", replicas=2), make_role("eval", min_failed=1))
    tasks = ended(job, Reason.COMPLETED, None, None, Reason.COMPLETED)
    made = step(job, tasks)
    assert made.job.reason is Reason.COMPLETED
    assert codes(made) == ["role_succeeded", "role_ended_early", "role_succeeded"]
    assert made.events[0].slots == {"role": "chief", "replicas": 1, "succeeded": 1, "needed": 1}
    alone = running()
    assert codes(step(alone, ended(alone, Reason.USER_EXIT))) == []


def test_a_task_that_ended_while_all_were_told_to_start_again_ends_the_attempt() -> None:
    """Guards against a rendezvous that one of them can never reach."""
    job = running(make_role(replicas=2, min_succeeded=1, min_failed=2), process_retries=1)
    gone, waits = ended(job, Reason.USER_EXIT, None, failure=Reason.USER_SIGNAL)
    tasks = (gone, replace(waits, failed_round=0))
    made = step(job, tasks, wanted_starts=1, process_restarts=1)
    assert (made.trigger, made.job.reason) == (Trigger.SETTLE, Reason.USER_SIGNAL)


_ANY = st.sampled_from(list(Reason))


@st.composite
def _moves(draw: st.DrawFn) -> list[tuple[str, Any, Any]]:
    kinds = st.sampled_from(["register", "ready", "fail", "end", "quiet", "moves", "see", "stop", "wait"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 2), _ANY | st.integers(0, 2_000_000)), max_size=40))


@settings(max_examples=300, deadline=None)
@given(
    _moves(),
    st.integers(0, 2),
    st.booleans(),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from([0, 60]),
)
def test_no_sequence_of_reports_and_observations_breaks_the_accounts(
    moves: list[tuple[str, Any, Any]], budget: int, hang: bool, retries: int, always: bool, reserve: int
) -> None:
    """Guards, after every step of any history: retries within their limits, attempts ascending, restarts in place
    within theirs, an end only once the backend has nothing left, and an empty plan for an unchanged world.
    """
    launch = make_launch(
        make_role(replicas=3, min_failed=2),
        retry_budget=budget,
        retry_unconditional=always,
        retry_hang=hang,
        process_retries=retries,
        reserve_s=reserve,
        max_run_s=3600,
    )
    job, attempt, now = make_job(launch=launch), None, NOW
    tasks: tuple[TaskState, ...] = ()
    state, reason = RunState.GONE, None
    for kind, which, what in [
        *moves,
        *[("wait", 0, 700_000)] * 3,
        ("stop", 0, 0),
        *[("wait", 0, 700_000)] * 12,
    ]:
        tasks = _changed(tasks, kind, which, what, now)
        if kind == "see" and state is not RunState.GONE:
            state = list(RunState)[which]
            reason = what if isinstance(what, Reason) and state is RunState.EXITED else None
        if kind == "stop":
            job = replace(job, stop_requested_at_ms=job.stop_requested_at_ms or now)
        now += what if isinstance(what, int) else 1
        seen = Observation(state, reason=reason)
        snapshot = Snapshot(job, attempt, tasks, seen)
        made = plan(snapshot, now, up_since_ms=0, hang=HangRule(60_000))
        _check(snapshot, made)
        settled = plan(
            replace(snapshot, job=made.job, attempt=made.attempt), now, up_since_ms=0, hang=HangRule(60_000)
        )
        if made.trigger is None and settled.trigger is None:
            assert settled.events == ()
        if made.job.attempt_number != job.attempt_number:
            tasks, state, reason = make_tasks(made.job), RunState.GONE, None
        job, attempt = made.job, made.attempt
        for effect in made.effects:
            if isinstance(effect, Submit) and attempt is not None:
                attempt, state = replace(attempt, handle=HANDLE), RunState.QUEUED
            elif isinstance(effect, Stop):
                state = RunState.EXITED
            else:
                state = RunState.GONE
    assert job.phase.is_end


def _changed(
    tasks: tuple[TaskState, ...], kind: str, which: int, what: Any, now: int
) -> tuple[TaskState, ...]:
    def changed(task: TaskState) -> TaskState:
        if task.is_final or (kind != "register" and not task.registered_at_ms):
            return task
        match kind:
            case "register":
                return replace(
                    task, registered_at_ms=now, started_at_ms=now, last_seen_ms=now, node=f"n{task.index}"
                )
            case "ready":
                return replace(task, round=task.round + 1, quiet_since_ms=0)
            case "fail":
                failure = what if isinstance(what, Reason) else Reason.USER_EXIT
                return replace(task, failed_round=max(task.round, 0), failure=failure)
            case "end":
                end = what if isinstance(what, Reason) else Reason.COMPLETED
                return replace(task, reason=end, ended_at_ms=now)
            case "quiet":
                return replace(task, quiet_since_ms=now, last_seen_ms=now)
            case "moves":
                return replace(task, quiet_since_ms=0, last_seen_ms=now)
        return task

    everyone = kind in ("register", "ready", "quiet")
    return tuple(changed(task) if everyone or task.index == which else task for task in tasks)


def _check(before: Snapshot, made: Plan) -> None:
    job, old = made.job, before.job
    assert job.free_used <= FREE_RETRIES_MAX
    assert job.budget_used <= job.launch.retry_budget
    assert job.attempt_number - old.attempt_number in (0, 1)
    spent = (job.free_used - old.free_used, job.budget_used - old.budget_used)
    assert spent in ((0, 0), (1, 0), (0, 1))
    if spent != (0, 0):
        assert made.trigger is Trigger.REQUEUE
        assert old.reason is not None
        paid = VERDICTS[old.reason].retry
        assert paid is (Retry.FREE if spent[0] else Retry.BUDGET)
    if made.attempt is not None and before.attempt is not None and made.closed is None:
        assert made.attempt.process_restarts <= job.launch.process_retries
        assert made.attempt.wanted_starts - before.attempt.wanted_starts in (0, 1)
        assert made.attempt.hang_restarts <= 3
    if job.phase.is_end and not old.phase.is_end:
        assert before.observation is not None
        assert before.attempt is None or before.observation.state is RunState.GONE
        if job.reason is not None and VERDICTS[job.reason].outcome is Outcome.ABNORMAL:
            assert job.stop_requested_at_ms or job.reason in (*NODE_FAULTS, Reason.RUNNER_LOST, *_PLATFORM)


_PLATFORM = (Reason.STORAGE_UNAVAILABLE, Reason.QUEUE_TIMEOUT, Reason.PREEMPTED)


def test_attempts_of_the_past_are_no_matter() -> None:
    """Guards that what an earlier attempt was restarted in place does not count for the next."""
    job = running()
    tasks = ended(job, Reason.PREEMPTED)
    again = on(step(job, tasks, wanted_starts=2, process_restarts=2, hang_restarts=1), tasks, GONE)
    assert again.attempt == Attempt(job.id, 2, NOW, ran_before_ms=NOW - 5)


def test_workers_of_a_release_without_rendezvous_end_one_after_the_other() -> None:
    """Guards an update under a job whose runners never said `ready`: nobody waits for the first that completes."""
    job = running(make_role(replicas=2))
    tasks = ended(job, Reason.COMPLETED, None)
    assert {task.round for task in tasks} == {-1}
    assert step(job, tasks).trigger is None
    both = step(job, ended(job, Reason.COMPLETED, Reason.COMPLETED))
    assert (both.trigger, both.job.reason) == (Trigger.SETTLE, Reason.COMPLETED)


def test_a_task_that_cannot_prepare_ends_those_that_wait_for_it() -> None:
    """Guards `min_failed` above one: the role could do without it, the rendezvous cannot; its own reason is told."""
    job = running(make_role(replicas=3, min_failed=2))
    first, *others = ended(job, Reason.INPUT_DOWNLOAD_FAILED, None, None)
    preparing = (replace(first, started_at_ms=0), *others)
    assert step(job, preparing).trigger is None
    waiting = (preparing[0], replace(others[0], round=0), others[1])
    made = step(job, waiting)
    assert (made.trigger, made.job.reason) == (Trigger.SETTLE, Reason.INPUT_DOWNLOAD_FAILED)
    assert made.attempt is not None
    assert made.attempt.end_task == "worker-0"
    met = tuple(replace(task, round=0) for task in ended(job, Reason.USER_EXIT, None, None))
    assert step(job, met).trigger is None


def blaming(job: Job, *messages: str, **changes: Any) -> tuple[TaskState, ...]:
    """Its tasks, each of which says of its node n0, n1, … that its check failed."""
    rows = ended(job, *[Reason.PRECHECK_FAILED] * len(messages), **changes)
    return tuple(replace(row, message=message) for row, message in zip(rows, messages, strict=True))


def after(
    job: Job, tasks: tuple[TaskState, ...], nodes: set[str], lately: int = 0
) -> tuple[list[str], list[str], tuple[str, ...]]:
    """What follows the end of the attempt: nodes isolated, codes told, nodes avoided."""
    made = step(job, tasks)
    world = Snapshot(made.job, made.attempt, tasks, GONE, nodes=frozenset(nodes), isolated_lately=lately)
    done = plan(world, NOW, up_since_ms=0)
    return [out.node for out in done.isolated], codes(done), done.job.avoid


TWO_NODES = {"n0", "n1"}


def test_a_job_isolates_no_node_that_the_backend_does_not_know() -> None:
    """Guards against a runner's word for the machine of somebody else."""
    job = running()
    known = after(job, blaming(job, "dns: no"), {"n1", "n2"})
    assert known == ([], ["node_not_isolated", "job_restarted"], ())


@pytest.mark.parametrize(
    ("launcher", "lately", "isolated", "avoid"),
    [
        ("process", 0, ["n0"], ("n1",)),
        ("process", ISOLATED_MAX - 1, ["n0"], ("n1",)),
        ("process", ISOLATED_MAX, [], ("n0", "n1")),
        ("sandbox", ISOLATED_MAX, ["n0", "n1"], ()),
    ],
)
def test_a_job_that_could_speak_for_its_runner_isolates_few_nodes(
    launcher: str, lately: int, isolated: list[str], avoid: tuple[str, ...]
) -> None:
    """Guards the pool: one node an attempt, so many a day; what stays in use the job avoids by itself."""
    job = running(make_role(replicas=2))
    tasks = blaming(job, "dns: no", "dns: no", launcher=launcher)
    out, told, shunned = after(job, tasks, TWO_NODES, lately)
    assert (out, shunned) == (isolated, avoid)
    assert told[:2] == ["node_isolated"] * len(isolated) + ["node_not_isolated"] * (2 - len(isolated))


@pytest.mark.parametrize(
    ("message", "nodes", "isolated"),
    [
        ("disk-size root: 0 GiB free, more than 1 GiB needed", {"n0"}, []),
        ("disk-size root: 0 GiB free; disk-size cache: 0 GiB free", {"n0"}, []),
        ("disk-size root: 0 GiB free; dns: no", {"n0"}, ["n0"]),
        ("disk-size root: 0 GiB free", TWO_NODES, ["n0"]),
    ],
)
def test_a_full_disk_does_not_lock_the_only_node(message: str, nodes: set[str], isolated: list[str]) -> None:
    """Guards a single machine: the job is tried again as often as may be, others run on; elsewhere it is isolated."""
    job = running()
    out, told, shunned = after(job, blaming(job, message), nodes)
    assert (out, shunned, told[1]) == (isolated, (), "job_restarted")
    worn = replace(job, free_used=FREE_RETRIES_MAX)
    assert after(worn, blaming(worn, message), nodes)[1][-1] == "job_abnormal"


@pytest.mark.parametrize(
    ("reason", "launch", "job", "rule"),
    [
        (Reason.USER_EXIT, {}, {}, None),
        (Reason.COMPLETED, {"retry_budget": 2}, {}, None),
        (Reason.USER_EXIT, {"retry_budget": 2}, {}, ("not_asked", 0, 2)),
        (
            Reason.USER_EXIT,
            {"retry_budget": 2, "retry_unconditional": True},
            {"budget_used": 2},
            ("budget", 2, 2),
        ),
        (Reason.DISK_FULL, {"retry_budget": 2, "retry_unconditional": True}, {}, ("never", 0, 2)),
        (Reason.RUNNER_LOST, {}, {"free_used": 5}, ("free", 5, FREE_RETRIES_MAX)),
        (Reason.USER_EXIT, {"retry_budget": 2}, {"stop_requested_at_ms": 7}, None),
    ],
)
def test_why_there_is_no_further_attempt_is_told(
    reason: Reason, launch: dict[str, Any], job: dict[str, Any], rule: tuple[str, int, int] | None
) -> None:
    """Guards the last word of a job that could have been tried again, and silence about any other."""
    one = replace(running(**launch), phase=Phase.TERMINATING, reason=reason, **job)
    tasks = ended(one, reason)
    done = step(one, tasks, GONE, settled_at_ms=NOW, end_reason=reason)
    assert done.job.phase.is_end
    told = [event.slots for event in done.events if event.code == "job_not_restarted"]
    assert [(slots["rule"], slots["used"], slots["limit"]) for slots in told] == ([rule] if rule else [])
