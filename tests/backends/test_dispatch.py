"""A hundred thousand steps of arrivals, ends, stops and changes: what the scheduler promises holds after each one.

What "no runnable job waits while resources idle" means with the rule of backfill (ADR 0010): after a pass no launch is
left that could start without taking from the head of its line, whichever of the running tasks end first.
"""

import random
from itertools import combinations

import pytest

from tests.backends.stage import Stage
from tests.backends.test_schedule import admit_one_by_one
from tests.domain.builders import make_role
from trainwright.backends.local.attempts import AttemptRun
from trainwright.backends.local.machine import Machine
from trainwright.backends.local.schedule import Room
from trainwright.domain.demand import Demand
from trainwright.domain.specs import Resources

SEEDS, STEPS = 12, 10_000  # 120,000 steps in all
LINE_MAX, BRUTE_MAX = 24, 9
TASKS_MAX, SAMPLES = 8, 30
HOST = "node-1"
POOLS = ("", "a", "b")


class World:
    """One seeded life of a machine, checked after every step. Odd seeds: only the public pool, nothing isolated, and
    pre-emption allowed throughout.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.plain = seed % 2 == 1
        self.stage = Stage(Machine(16, 64_000, tuple(range(8)), "gpu", host=HOST))
        self.started = self.preempted = self.urgent = 0
        self.stage.dispatch.preemption = frozenset(("",))
        self.promises: dict[str, list[AttemptRun]] = {}  # head → those that leave for it

    def step(self) -> None:
        """Something happens, the scheduler looks, all promises are checked."""
        dice, stage = self.dice, self.stage
        stage.clock.at_ms += dice.randrange(5_000)
        waiting = [a for a in stage.attempts.values() if a.is_queued]
        kinds = {
            self.arrive: 40 if len(waiting) < LINE_MAX else 0,
            self.finish: 40,
            self.finish_task: 8,
            self.stop: 4 if len(waiting) < LINE_MAX else 60,
            self.reprioritize: 4,
            self.share: 0 if self.plain else 1,
            self.isolate: 0 if self.plain else 1,
            self.allow: 0 if self.plain else 2,
        }
        dice.choices(list(kinds), list(kinds.values()))[0]()
        self.look()

    # -- what happens

    def arrive(self) -> None:
        dice = self.dice
        roles = []
        for name in ("ps", "worker")[: dice.choice((1, 1, 1, 2))]:
            gpus = dice.choice((0, 0, 0, 0, 1, 1, 2))
            resources = Resources(
                cpus=dice.choice((0.5, 0.5, 1, 1, 2, 4)),
                memory_mib=dice.choice((1_000, 2_000, 4_000, 8_000)),
                accelerators=gpus,
                accelerator_kind="gpu" if gpus else "",
            )
            roles.append(make_role(name, dice.choice((1, 1, 1, 1, 2)), resources=resources))
        self.stage.submit(
            *roles,
            priority=dice.choice((1, 1, 1, 1, 2, 3)),
            pool="" if self.plain else dice.choice(POOLS),
            preemptible=dice.random() < 0.7,
            urgent=dice.random() < 0.05,
            avoid=(HOST,) if dice.random() < 0.02 else ("node-2",) if dice.random() < 0.1 else (),
        )

    def finish(self) -> None:
        running = self.stage.running()
        leaving = [attempt for attempt in running if attempt.stop_grace_s is not None]
        if running:
            self.stage.end(self.dice.choice(leaving if leaving and self.dice.random() < 0.7 else running))

    def finish_task(self) -> None:
        if running := self.stage.running():
            attempt = self.dice.choice(running)
            self.stage.end_task(attempt, self.dice.randrange(len(attempt.tasks)))

    def stop(self) -> None:
        if self.stage.attempts:
            self.stage.stop(self.dice.choice(list(self.stage.attempts.values())))

    def reprioritize(self) -> None:
        waiting = [a for a in self.stage.attempts.values() if a.is_queued]
        if waiting:
            self.stage.dispatch.move(self.dice.choice(waiting), self.dice.randint(1, 3))
            self.promises.clear()

    def share(self) -> None:
        sizes = {
            name: Demand(self.dice.choice((2000, 4000, 8000)), 16_000, self.dice.choice((0, 2, 4)))
            for name in POOLS[1:]
        }
        self.stage.dispatch.shares = {n: s for n, s in sizes.items() if self.dice.random() < 0.5}
        self.stage.dispatch.changed()
        self.promises.clear()

    def isolate(self) -> None:
        self.stage.dispatch.isolated = frozenset((HOST,) if self.dice.random() < 0.2 else ("node-2",))
        self.stage.dispatch.changed()
        self.promises.clear()

    def allow(self) -> None:
        self.stage.dispatch.preemption = frozenset(p for p in POOLS if self.dice.random() < 0.8)
        self.stage.dispatch.changed()
        self.promises.clear()

    # -- what must hold

    def look(self) -> None:
        """One pass and all promises."""
        stage = self.stage
        before, lines = stage.rooms(), {pool: stage.line(pool) for pool in POOLS}
        started, victims = stage.passes()
        self.started += len(started)
        self.preempted += len(victims)
        self.urgent += sum(attempt.launch.urgent for attempt in started)
        self.check_machine()
        for pool in POOLS:
            room = before.get(pool, Room(Demand(), Demand()))
            self.check_order(room, lines[pool], [a for a in started if a.pool == pool])
        if HOST in stage.dispatch.isolated:
            assert not started
            assert not victims
        else:
            self.check_idle()
        self.check_promises(started)
        self.check_victims(victims)
        assert stage.passes() == ([], [])  # a pass over an unchanged world does nothing

    def check_machine(self) -> None:
        """Never oversubscribed, gangs whole, devices given once."""
        running = self.stage.running()
        assert sum(self.stage.held().values(), Demand()).fits(self.stage.machine.total)
        devices = [d for a in running for task in a.tasks if not task.finished for d in task.devices]
        assert len(devices) == len(set(devices))
        assert all(len(task.devices) == task.resources.accelerators for a in running for task in a.tasks)

    def check_order(self, room: Room, line: list[AttemptRun], started: list[AttemptRun]) -> None:
        """Priority, arrival and backfill: who started took nothing that one better placed could have used."""
        assert [a.key for a in line if a in started] == [a.key for a in started]
        assert not [a for a in started if a.barred]
        left = [a for a in line if a not in started and not a.barred and a.demand.fits(room.size)]
        if not left or not started:
            return
        head = left[0]
        behind = started[sum(a in started for a in line[: line.index(head)]) :]
        aside = room.free - sum((a.demand for a in started if a not in behind), Demand())
        assert not head.demand.fits(aside)
        remaining = aside - sum((a.demand for a in behind), Demand())
        in_front = [task.demand for a in started if a not in behind for task in a.tasks]
        for ended in self.sets([*(room.tasks or ()), *in_front]):
            assert head.demand.fits(remaining + ended) or not head.demand.fits(aside + ended)
        for attempt in left:  # of the same size nobody passes anybody
            assert not [
                a for a in started if a.demand == attempt.demand and line.index(a) > line.index(attempt)
            ]

    def sets(self, tasks: list[Demand]) -> list[Demand]:
        """What sets of tasks give back when they have ended: of all sets, or of some where they are too many."""
        if len(tasks) <= TASKS_MAX:
            sets = [set_ for count in range(len(tasks) + 1) for set_ in combinations(tasks, count)]
        else:
            sets = [tuple(self.dice.sample(tasks, self.dice.randint(0, len(tasks)))) for _ in range(SAMPLES)]
        return [sum(ended, Demand()) for ended in sets]

    def check_idle(self) -> None:
        """Nobody waits who could start."""
        for pool, room in self.stage.rooms().items():
            if len(room.tasks or ()) > TASKS_MAX:
                room = Room(room.size, room.free)  # at least nobody whom the cautious rule would let start
            line = [a.waiting for a in self.stage.line(pool) if not a.barred]
            assert admit_one_by_one(line, room) == ()

    def check_victims(self, victims: list[AttemptRun]) -> None:
        """Only the preemptible and lower ones of the head's own pool, never in vain, never more than it takes."""
        stage = self.stage
        leaving = [a for a in stage.running() if a.stop_grace_s is not None and a not in victims]
        for pool in {victim.pool for victim in victims}:
            mine = [victim for victim in victims if victim.pool == pool]
            head = self.head(pool)
            assert head is not None
            assert pool in stage.dispatch.preemption
            assert all(v.launch.spec.preemptible and v.priority < head.priority for v in mine)
            assert all(head.job_id in v.preempted_by for v in mine)
            assert self.fits_without(head, [*leaving, *mine])
            candidates = [
                a
                for a in stage.running()
                if a.pool == pool
                and a.launch.spec.preemptible
                and a.priority < head.priority
                and a not in leaving
            ]
            choice = candidates if len(candidates) <= BRUTE_MAX else mine
            for fewer in combinations(choice, len(mine) - 1):
                assert not self.fits_without(head, [*leaving, *fewer])
            self.promises[head.key] = [*leaving, *mine]

    def check_promises(self, started: list[AttemptRun]) -> None:
        """What victims give back goes to the head they were sent away for, unless a better placed one came."""
        for key, victims in list(self.promises.items()):
            head = self.stage.attempts.get(key)
            if head is None or not head.is_queued:
                del self.promises[key]
                continue
            passed = any(a.pool == head.pool and a.waiting.rank < head.waiting.rank for a in started)
            if passed or head is not self.head(head.pool):
                del self.promises[key]
            else:
                assert any(not victim.is_over for victim in victims)

    def head(self, pool: str) -> AttemptRun | None:
        """The first of a line that could start if the pool were empty."""
        room = self.stage.rooms().get(pool)
        possible = [a for a in self.stage.line(pool) if room and not a.barred and a.demand.fits(room.size)]
        return possible[0] if possible else None

    def fits_without(self, head: AttemptRun, gone: list[AttemptRun]) -> bool:
        """Whether `head` could start if these had left."""
        but = {attempt.key: attempt for attempt in gone}
        return head.demand.fits(self.stage.rooms(but)[head.pool].free)

    def drain(self) -> None:
        """Nobody starves: when nothing more comes and all that runs ends, everyone who can has started."""
        stage = self.stage
        stage.dispatch.isolated = frozenset()
        stage.dispatch.changed()
        self.look()
        while running := stage.running():
            stage.end(self.dice.choice(running))
            self.look()
        sizes = stage.rooms()
        for attempt in stage.attempts.values():
            assert (
                attempt.barred
                or attempt.pool not in sizes
                or not attempt.demand.fits(sizes[attempt.pool].size)
            )


def live(seed: int, steps: int) -> World:
    """So many steps, then the end."""
    world = World(seed)
    for _ in range(steps):
        world.step()
    world.drain()
    return world


def test_a_short_life_keeps_every_promise() -> None:
    """Guards the same as the long ones, within a few seconds."""
    world = live(20261123, 1_500)
    assert world.started > 200
    assert world.preempted > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_long_life_keeps_every_promise(seed: int) -> None:
    """Guards over-commitment, gangs, idling, order, starvation and pre-emption in 10,000 steps a seed."""
    world = live(seed, STEPS)
    assert world.started > 1_000
    assert world.preempted > (100 if world.plain else 10)
    assert world.urgent > 20
