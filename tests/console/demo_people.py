"""Who works in the demo project, and in which workspaces."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from trainwright.client import Platform, connect
from trainwright.wire.catalogue import FlavorItem

ACCOUNT = "default"
EVERYBODY = ("student", "engineer", "admin")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in with a password. They are for demos on a machine of one's own, hence in the open."""

    name: str
    password: str
    role: str


PEOPLE = {
    "student": Person("李晓雯", "xiaowen-2026-demo", "developer"),
    "engineer": Person("Daniel Okafor", "daniel-2026-demo", "developer"),
    "admin": Person("陈建国", "jianguo-2026-demo", "administrator"),
    "viewer": Person("王老师", "laoshi-2026-demo", "viewer"),
}

VISION, LANGUAGE = "视觉算法组", "language-models"


@dataclass
class Demo:
    """The project of a server, seen by each of `PEOPLE`; workspaces, and what is made in them, by name."""

    admin: Platform
    people: dict[str, Platform] = field(default_factory=dict)
    workspaces: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, str] = field(default_factory=dict)
    algorithms: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)

    def engine(self) -> str:
        """The Python that runs the platform: there without installing anything."""
        return next(item.engine_id for item in self.admin.engines if item.engine_name == "Python")

    def smallest(self) -> str:
        """The CPU flavor with the fewest cores."""
        return self._cpu_flavors()[0].flavor_id

    def smallest_memory_mib(self) -> int:
        """What a node of it has."""
        memory = self._cpu_flavors()[0].flavor_info.memory
        return memory.size * (1024 if memory.unit == "GB" else 1)

    def largest(self) -> tuple[str, int]:
        """Flavor and number of nodes that together need the most of what the pool has."""
        item = max(self._cpu_flavors(), key=lambda item: item.flavor_info.cpu.core_num * item.max_num)
        return item.flavor_id, item.max_num

    def _cpu_flavors(self) -> list[FlavorItem]:
        known = self.admin.client.list_flavors("CPU").flavors
        return sorted(known, key=lambda item: item.flavor_info.cpu.core_num)


@contextmanager
def open_demo(admin: Platform) -> Iterator[Demo]:
    """The people and workspaces, made where they are missing, everybody signed in."""
    demo = Demo(admin)
    with ExitStack() as connections:
        make_people(admin)
        for key, person in PEOPLE.items():
            demo.people[key] = connections.enter_context(sign_in(admin, person))
        make_workspaces(demo)
        yield demo


def make_people(admin: Platform) -> None:
    """The users of `PEOPLE`, as far as they are not there."""
    there = {user.name for user in admin.client.list_users(limit=100).users}
    for person in PEOPLE.values():
        if person.name not in there:
            body = {"name": person.name, "password": person.password, "roles": [person.role]}
            admin.client.create_user(body)


def sign_in(admin: Platform, person: Person) -> Platform:
    """The server as `person` sees it."""
    user = {"name": person.name, "password": person.password, "domain": {"name": ACCOUNT}}
    logged_in = admin.client.log_in(
        {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    )
    access = admin.client.access
    return connect(endpoint=access.endpoint, project_id=access.project_id, token=logged_in.token)


def make_workspaces(demo: Demo) -> None:
    """Two teams with quotas, beside the default workspace."""
    members = [{"user_name": PEOPLE[key].name} for key in ("student", "engineer")]
    onlooker = {"user_name": PEOPLE["viewer"].name, "role": "viewer"}
    wanted = {
        VISION: ("图像分类与检测 / image classification and detection", [*members, onlooker], 40, 128),
        LANGUAGE: ("Pre-training and fine-tuning of small language models", members, 16, 64),
    }
    client = demo.admin.client
    demo.workspaces = {item.name: item.id for item in client.iter_workspaces()}
    for name, (description, grants, count, cpus) in wanted.items():
        if name in demo.workspaces:
            continue
        body = {"name": name, "description": description, "auth_type": "INTERNAL", "grants": grants}
        made = client.create_workspace(body)
        demo.workspaces[name] = made.id
        client.change_workspace_quotas(made.id, {"train_job.count": count, "train_job.cpu": cpus})
    for key in ("student", "engineer"):
        limit_jobs(demo, PEOPLE[key].name, 60)


def limit_jobs(demo: Demo, user_name: str, count: int) -> None:
    """How many unfinished jobs a user may have."""
    users = {user.name: user.id for user in demo.admin.client.list_users(limit=100).users}
    demo.admin.client.change_training_quotas({"job-num": count}, user_id=users[user_name])
