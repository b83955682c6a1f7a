"""Checkpoints, resuming, and kept models, on a real server."""

import io
import signal
import zipfile
from pathlib import Path
from typing import Any

from tests.e2e.live import LiveServer, user_bytes, wait_for
from trainwright.client import Access, Client, save_model

TRAIN = """
import json, os, pathlib, signal, struct, sys, time
out = pathlib.Path(dict(a.lstrip('-').split('=', 1) for a in sys.argv[1:])['train_url'])

def save(step):
    head = json.dumps({'w': {'dtype': 'U8', 'shape': [step], 'data_offsets': [0, step]}}).encode()
    draft = out / 'draft.tmp'
    draft.write_bytes(struct.pack('<Q', len(head)) + head + bytes(step))
    draft.rename(out / f'step-{step}.safetensors')

found = os.environ.get('MA_RESUME_FROM', '')
step = int(pathlib.Path(found).stem.split('-')[1]) if found else 0
if found:
    assert pathlib.Path(found).stat().st_size > step
print('begin at', step, flush=True)
while step < 40:
    step += 1
    if step % 10 == 0:
        save(step)
    if step == 25 and not found:
        (out / 'step-99.safetensors').write_bytes(b'half')
        os.kill(os.getpid(), signal.SIGKILL)
print('done', flush=True)
"""
RETRY = {"fault-tolerance/job-retry-num": "1", "fault-tolerance/job-unconditional-retry": "true"}

KEEP = """
import os, pathlib
model = pathlib.Path(os.environ['model'])
(model / 'weights').mkdir(exist_ok=True)
(model / 'weights' / 'w.bin').write_bytes(b'w' * 300_000)
(model / 'config.json').write_text('{}')
old = os.environ.get('pretrainmodel')
print('pretrained', sorted(str(p.relative_to(old)) for p in pathlib.Path(old).rglob('*') if p.is_file()) if old else [])
"""


def checkpoints(server: LiveServer, job: str) -> dict[str, str]:
    """State of each checkpoint by path, the newest first."""
    answer = server.call("GET", f"/v2/{{P}}/training-jobs/{job}/checkpoints", params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return {item["path"]: item["state"] for item in answer.json()["items"]}


def test_a_killed_job_goes_on_from_its_newest_complete_checkpoint(plain_server: LiveServer) -> None:
    """Guards resuming: the half-written file is passed over, the newest whole one is named and is there."""
    output = {"name": "train_url", "remote": {"obs": {"obs_url": "obs://e2e/resume/out/"}}}
    body = plain_server.body("resume", TRAIN, outputs=[output])
    body["metadata"]["annotations"] = RETRY
    job = plain_server.create(body)
    shown = plain_server.wait(job)
    log = user_bytes(plain_server.log(job)).decode()
    assert shown["status"]["phase"] == "Completed", (shown["status"], log)
    assert log.splitlines() == ["begin at 20", "done"]
    assert checkpoints(plain_server, job) == {
        "step-99.safetensors": "incomplete",
        "step-40.safetensors": "complete",
        "step-30.safetensors": "complete",
        "step-20.safetensors": "complete",
        "step-10.safetensors": "complete",
    }
    assert any("step-20.safetensors" in message for message in plain_server.events(job))


def test_incremental_training_from_another_jobs_output(plain_server: LiveServer) -> None:
    """Guards `remote.job`: another job's output as an input, whoever knows where it lies."""
    output = {"name": "train_url", "remote": {"obs": {"obs_url": "obs://e2e/first/out/"}}}
    first = plain_server.create(plain_server.body("first", TRAIN.replace("== 25", "== -1"), outputs=[output]))
    assert plain_server.wait(first)["status"]["phase"] == "Completed"
    script = "import os, sys\nfor a in sys.argv[1:]:\n  print(sorted(os.listdir(a.split('=', 1)[1])))"
    given = {"name": "earlier", "remote": {"job": {"id": first, "output": "train_url"}}}
    second = plain_server.create(plain_server.body("second", script, inputs=[given]))
    plain_server.wait(second)
    names = [f"step-{step}.safetensors" for step in (10, 20, 30, 40)]
    assert user_bytes(plain_server.log(second)).decode().splitlines() == [str(names)]


def keeping(server: LiveServer, name: str, **folders: Any) -> str:
    body = server.body(name, KEEP)
    body["spec"]["folders"] = {"output_model": {"name": "digits"}, **folders}
    return server.create(body)


def kept(server: LiveServer, job: str) -> dict[str, Any]:
    """The version that the job has given."""

    def look() -> dict[str, Any] | None:
        for model in server.call("GET", "/v2/{P}/models").json()["items"]:
            found = server.call("GET", f"/v2/{{P}}/models/{model['model_id']}/versions").json()["items"]
            for version in found:
                if version["job_id"] == job:
                    made: dict[str, Any] = version
                    return made
        return None

    return wait_for(look, what="the version", timeout_s=30)


def test_models_are_kept_downloaded_and_read(plain_server: LiveServer, tmp_path: Path) -> None:
    """Guards the registry from end to end: a version of each job, files as they were, one as another job's input; also
    when the server is killed as the job ends.
    """
    server = plain_server
    first = keeping(server, "keep-1")
    assert server.wait(first)["status"]["phase"] == "Completed"
    version = kept(server, first)
    assert (version["version"], version["files"], version["size"]) == (1, 2, 300_002)
    assert "Model digits version 1 registered." in server.events(first)
    folder = f"/v2/{{P}}/models/{version['model_id']}/versions/{version['version_id']}"
    archive = server.call("GET", f"{folder}/archive")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert opened.testzip() is None
        assert sorted(opened.namelist()) == ["config.json", "weights/w.bin"]
    part = server.call("GET", f"{folder}/files/weights/w.bin", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, b"w" * 10)
    client = Client(Access(server.url, server.project_id, server.token, "en-us"))
    assert save_model(client, version["model_id"], version["version_id"], tmp_path / "m") == (2, 300_002)
    client.close()
    assert (tmp_path / "m" / "weights" / "w.bin").read_bytes() == b"w" * 300_000
    assert sorted(path.name for path in (tmp_path / "m").rglob("*")) == ["config.json", "w.bin", "weights"]

    second = keeping(server, "keep-2", pretrained_model={"model_id": version["model_id"]})
    assert server.wait(second)["status"]["phase"] == "Completed"
    server.kill(signal.SIGKILL)
    server.start()
    assert kept(server, second)["version"] == 2
    assert "pretrained ['config.json', 'weights/w.bin']" in user_bytes(server.log(second)).decode()
    assert server.call("DELETE", folder).status_code == 204
    assert server.call("GET", folder).json()["error_code"] == "Trainwright.1103"
    assert server.call("DELETE", f"/v2/{{P}}/models/{version['model_id']}").status_code == 204
