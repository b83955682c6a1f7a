"""The fixed folders of jobs on a real server: a home that outlives jobs, a model, code at its own place (ADR 0020)."""

import json

import pytest

from tests.e2e.live import LiveServer

SCRIPT = """
import json, os, pathlib, sys
home, model, data = (pathlib.Path(os.environ[name]) for name in ("userhome", "model", "dataset"))
told = {
    "args": sys.argv[1:], "cwd": os.getcwd(), "data": sorted(path.name for path in data.iterdir()),
    "home": {path.name: path.read_text() for path in home.iterdir()},
}
(home / (sys.argv[1].partition("=")[2] + ".txt")).write_text(sys.argv[1])
(home / "last.txt").write_text(sys.argv[1])
(model / "weights.bin").write_text(sys.argv[1])
print("told", json.dumps(told))
"""


@pytest.mark.parametrize("way", ["boot file", "command"])
def test_a_home_is_there_again_in_the_next_job(server: LiveServer, way: str) -> None:
    """Guards all folders, for both ways to start: where they lie is told by variables, and nothing by arguments."""
    stem = way.replace(" ", "-")
    server.put("obs://folders/set/a.csv", "1")
    seen = []
    for name in (f"{stem}-one", f"{stem}-two"):
        body = server.body(name, SCRIPT, parameters=[{"name": "run", "value": name}])
        if way == "command":
            body["algorithm"].pop("boot_file")
            body["algorithm"]["command"] = f"python main.py --run={name}"
        body["spec"]["folders"] = {
            "dataset": {"obs_url": "obs://folders/set/"},
            "output_model": {"name": "kept", "obs_url": f"obs://folders/{name}/"},
            "user_home": True,
        }
        job = server.create(body)
        assert server.wait(job)["status"]["phase"] == "Completed"
        assert server.get(f"obs://folders/{name}/weights.bin") == f"--run={name}".encode()
        log = server.log(job).decode()
        seen.append(json.loads(log.partition("told ")[2].splitlines()[0]))
    first, second = seen
    assert first["args"] == [f"--run={stem}-one"] and first["data"] == ["a.csv"]
    assert first["cwd"].endswith("/code")
    assert second["home"][f"{stem}-one.txt"] == second["home"]["last.txt"] == f"--run={stem}-one"
