"""Reading dumps of stacks and naming the rank that stands elsewhere. The dumps are py-spy 0.4's own words."""

from trainwright.domain.stacks import Odd, odd_one, parse

AGENT = """\
Process 16231: /opt/bin/python3 /opt/bin/torchrun --nproc_per_node 2 hang.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 16231 (idle): "MainThread"
    SimpleElasticAgent._invoke_run (torch/distributed/elastic/agent/server/api.py:923)
    prof.<locals>.wrap.<locals>.wrapper (torch/distributed/elastic/metrics/api.py:134)
    elastic_launch.__call__ (torch/distributed/launcher/api.py:194)
    main (torch/distributed/run.py:1028)
    <module> (torchrun:8)
"""
IN_BACKWARD = """\
Process 16265: /opt/bin/python3 -u hang.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 16265 (idle): "MainThread"
    _engine_run_backward (torch/autograd/graph.py:979)
    backward (torch/autograd/__init__.py:395)
    Tensor.backward (torch/_tensor.py:623)
    step (hang.py:5)
    train (hang.py:10)
    main (hang.py:18)
    <module> (hang.py:19)
Thread 16301 (idle): "Thread-1"
    wait (threading.py:331)
    run (monitor.py:3)
"""
IN_BARRIER = """\
Process 16266: /opt/bin/python3 -u hang.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 16266 (idle): "MainThread"
    barrier (torch/distributed/distributed_c10d.py:5356)
    _exception_logger.<locals>.wrapper (torch/distributed/c10d_logger.py:83)
    train (hang.py:13)
    main (hang.py:18)
    <module> (hang.py:19)
"""
ASLEEP = """\
Process 9: python3 -u hang.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 9 (idle)
    skipped (hang.py:3)
    main (hang.py:18)
    <module> (hang.py:19)
"""
LOADER = """\
Process 12: python3 -u hang.py
Python v3.11.7 (/usr/bin/python3.11)

Thread 12 (idle): "MainThread"
    select (selectors.py:415)
    _worker_loop (torch/utils/data/_utils/worker.py:275)
    train (hang.py:9)
    <module> (hang.py:19)
"""


def test_main_threads_are_read() -> None:
    """One stack a process, the main thread's, innermost call first; other threads are not mixed in."""
    agent, rank = parse(AGENT + "\n" + IN_BACKWARD)
    assert (agent.pid, agent.is_helper) == (16231, True)
    assert [str(frame) for frame in rank.place] == [
        "step (hang.py:5)",
        "train (hang.py:10)",
        "main (hang.py:18)",
        "<module> (hang.py:19)",
    ]
    assert rank.meets
    assert rank.shown == "step (hang.py:5) > _engine_run_backward (torch/autograd/graph.py:979)"


def test_what_is_not_a_dump_is_skipped() -> None:
    """Errors and cut ends between dumps do no harm; a main thread without a name is known by its number."""
    text = (
        "Error: Failed to find python version\n\nStack backtrace:\n   0: anyhow\n" + ASLEEP + "Process 77: py"
    )
    (only,) = parse(text)
    assert (only.pid, only.frames[0].function, only.meets) == (9, "skipped", False)
    assert parse("") == ()


def test_the_odd_one_of_four_is_named() -> None:
    """The majority decides, whatever the odd rank is doing."""
    dumps = {f"worker-{n}": AGENT + IN_BACKWARD for n in range(4)} | {"worker-2": AGENT + IN_BARRIER}
    assert odd_one(dumps) == Odd(
        "worker-2",
        "train (hang.py:13) > barrier (torch/distributed/distributed_c10d.py:5356)",
        "step (hang.py:5) > _engine_run_backward (torch/autograd/graph.py:979)",
    )


def test_a_straggler_behind_the_others_is_the_odd_one_of_three() -> None:
    """Uneven data: one rank has a step more, the others are through."""
    dumps = {"worker-0": IN_BACKWARD, "worker-1": IN_BARRIER, "worker-2": IN_BARRIER}
    found = odd_one(dumps)
    assert found is not None
    assert found.task == "worker-0"


def test_of_two_it_is_the_one_that_does_not_wait() -> None:
    """No majority: who is not in a collective keeps the other waiting."""
    found = odd_one({"worker-0": ASLEEP, "worker-1": IN_BARRIER})
    assert found is not None
    assert (found.task, found.frame) == ("worker-0", "skipped (hang.py:3)")


def test_of_two_that_both_wait_it_is_the_one_further_on() -> None:
    """It has left out what the other still waits in."""
    found = odd_one({"worker-0": IN_BACKWARD, "worker-1": IN_BARRIER})
    assert found is not None
    assert found.task == "worker-1"


def test_all_at_one_place_is_nobodys_oddness() -> None:
    """The network, or a rank that is not there, may be to blame: nobody is named."""
    assert odd_one({"worker-0": IN_BARRIER, "worker-1": IN_BARRIER}) is None
    assert odd_one({"worker-0": IN_BARRIER, "worker-1": ""}) is None
    assert odd_one({}) is None


def test_helpers_do_not_count_beside_ranks() -> None:
    """Data loading workers and launchers of one task differ from the ranks without being odd."""
    assert odd_one({"worker-0": AGENT + LOADER + IN_BARRIER, "worker-1": IN_BARRIER}) is None


def test_several_ranks_on_one_node() -> None:
    """The task with the one rank that stands elsewhere is named."""
    dumps = {"worker-0": AGENT + IN_BACKWARD + IN_BACKWARD, "worker-1": AGENT + IN_BACKWARD + IN_BARRIER}
    found = odd_one(dumps)
    assert found is not None
    assert found.task == "worker-1"
