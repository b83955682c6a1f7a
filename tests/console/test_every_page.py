"""Every page, in both languages, light and dark, wide and narrow: nothing missing, nothing broken."""

import pytest

from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

PAGES = (
    "/", "/jobs", "/jobs/new", "/experiments", "/algorithms", "/algorithms/new", "/gallery", "/objects", "/datasets",
    "/models", "/pools", "/workspaces", "/users", "/audit", "/account", "/no-such-page",
)  # fmt: skip


def all_pages(demo: LiveServer) -> list[str]:
    """The pages without an id, and one of each kind with one."""
    jobs = demo.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json()["items"]
    by_phase = {job["status"]["phase"]: job["metadata"]["id"] for job in jobs}
    failed = by_phase["Failed"]
    tabs = ("", "/logs", "/events", "/metrics", "/resources", "/tasks", "/outputs", "/config")
    found = [*PAGES, *(f"/jobs/{by_phase['Completed']}{tab}" for tab in tabs), f"/jobs/{failed}"]
    found.append("/jobs/compare?ids=" + ",".join(job["metadata"]["id"] for job in jobs[:3]))
    for listing, key, item, page in (
        ("/v2/{P}/training-experiments", "items", "metadata.id", "/experiments/"),
        ("/v2/{P}/algorithms", "items", "metadata.id", "/algorithms/"),
        ("/v2/{P}/gallery/algorithms", "items", "id", "/gallery/"),
        ("/v2/{P}/datasets", "datasets", "dataset_id", "/datasets/"),
        ("/v2/{P}/models", "items", "model_id", "/models/"),
        ("/v2/{P}/pools", "items", "metadata.name", "/pools/"),
        ("/v1/{P}/workspaces", "workspaces", "id", "/workspaces/"),
        ("/v1/{P}/buckets", "buckets", "name", "/objects/"),
    ):
        answer = demo.call("GET", listing).json()
        first = answer[key][0]
        for part in item.split("."):
            first = first[part]
        found.append(f"{page}{first}")
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "dark"), [("zh", False), ("en", True)], ids=["chinese-light", "english-dark"]
)
def test_every_page_is_whole_and_accessible(
    demo: LiveServer, visit: Visit, language: str, dark: bool
) -> None:
    """No missing sentence, no error in the browser, no other host, nothing axe minds; none too wide for a telephone."""
    window = visit(demo, language=language, dark=dark)
    found: list[str] = []
    for path in all_pages(demo):
        found += window.faults_of(path)
        if (pixels := window.overflow_on_a_telephone()) > 0:
            found.append(f"{path} is {pixels} pixels wider than a telephone")
    assert not found, "\n".join(found)
