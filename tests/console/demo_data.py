"""A believable project on a server: people, workspaces, code, data, algorithms, jobs in every phase.

Used by `scripts/console-demo-data`, the console's end-to-end tests and their screenshots. Every part may be called
alone, in the order they have here; called again, a part finds what is there. All names and numbers are the same each
time, apart from ids and times.

    with open_demo(platform) as demo:
        make_library(demo)
        make_finished(demo)
"""

from collections.abc import Callable

from tests.console.demo_jobs import make_finished, make_running, make_stopped, make_waiting, stop_all
from tests.console.demo_library import make_algorithms, make_buckets, make_datasets, make_gallery
from tests.console.demo_people import PEOPLE, Demo, Person, open_demo
from trainwright.client import Platform

__all__ = [
    "PEOPLE",
    "Demo",
    "Person",
    "fill",
    "make_finished",
    "make_library",
    "make_running",
    "make_stopped",
    "make_waiting",
    "open_demo",
    "stop_all",
]


def make_library(demo: Demo) -> None:
    """Buckets, datasets, algorithms, the gallery."""
    make_buckets(demo)
    make_datasets(demo)
    make_algorithms(demo)
    make_gallery(demo)


def fill(admin: Platform, tell: Callable[[str], object] = lambda _: None) -> None:
    """All of it; `tell` hears what is being made. `admin` is a platform whose user administrates the project."""
    with open_demo(admin) as demo:
        for title, part in (
            ("buckets, datasets, algorithms, gallery", make_library),
            ("jobs that end", make_finished),
            ("jobs that are stopped", make_stopped),
            ("jobs that run", make_running),
            ("jobs that wait", make_waiting),
        ):
            tell(title)
            part(demo)
