"""Real scripts that behave badly: right phase, right exit code, right reason, complete log, nothing left behind."""

import json

import pytest

from tests.e2e.live import LiveServer, processes_of, user_bytes, wait_for

EXIT_3 = "import sys; print('before'); sys.exit(3)"
SEGFAULT = "import ctypes; print('before', flush=True); ctypes.string_at(0)"
KILLED = "import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGKILL)"
SYNTAX = "print('never'\n"
RAISES = "raise RuntimeError('the data is wrong')"


@pytest.mark.parametrize(
    ("name", "script", "exit_code", "reason", "said"),
    [
        ("exit3", EXIT_3, 3, "user_exit", b"before\n"),
        ("segfault", SEGFAULT, 139, "user_signal", b"before\n"),
        ("killed", KILLED, 137, "user_signal", b"before\n"),
        ("syntax", SYNTAX, 1, "user_exit", b"SyntaxError"),
        ("raises", RAISES, 1, "user_exit", b"RuntimeError: the data is wrong"),
    ],
)
def test_a_failing_script_fails_its_job(
    server: LiveServer, name: str, script: str, exit_code: int, reason: str, said: bytes
) -> None:
    """Guards phase, exit code, reason and log of each way to fail."""
    job = server.create(server.body(name, script))
    ended = server.wait(job)
    assert ended["status"]["phase"] == "Failed"
    assert ended["status"]["reason"] == reason
    (task,) = ended["status"]["task_statuses"]
    assert (task["task"], task["exit_code"]) == ("worker-0", exit_code)
    assert said in user_bytes(server.log(job))
    assert f"Training end with return code: {exit_code}".encode() in server.log(job)
    assert processes_of(job) == []


def test_a_shell_command_runs_and_its_exit_code_is_the_jobs(server: LiveServer) -> None:
    """Guards jobs without a boot file."""
    job = server.create(server.body("shell", command="echo hello; exit 7"))
    ended = server.wait(job)
    assert (ended["status"]["phase"], ended["status"]["task_statuses"][0]["exit_code"]) == ("Failed", 7)
    assert user_bytes(server.log(job)) == b"hello\n"


def test_binary_output_arrives_byte_by_byte(server: LiveServer) -> None:
    """Guards logs against any decoding on the way."""
    script = "import os, sys\nsys.stdout.buffer.write(bytes(range(256)) * 1000 + b'\\n')\n"
    job = server.create(server.body("binary", script))
    assert server.wait(job)["status"]["phase"] == "Completed"
    whole = server.log(job)
    assert bytes(range(256)) * 1000 in whole


def test_daemonised_children_are_ended_with_the_job(server: LiveServer) -> None:
    """Guards the whole-tree kill: double fork and setsid do not escape."""
    script = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(600)\n"
        "    os._exit(0)\n"
        "print('parent done', flush=True)\n"
    )
    job = server.create(server.body("daemon", script))
    assert server.wait(job)["status"]["phase"] == "Completed"
    assert processes_of(job) == []


def test_a_script_that_ignores_sigterm_is_killed_and_its_output_kept(server: LiveServer) -> None:
    """Guards stop: Terminated, uploaded outputs, nothing left."""
    script = (
        "import signal, sys, time, pathlib\n"
        "out = [a.split('=', 1)[1] for a in sys.argv if a.startswith('--train_url=')][0]\n"
        "signal.signal(signal.SIGTERM, lambda *a: print('got term', flush=True))\n"
        "pathlib.Path(out, 'model.bin').write_bytes(b'weights')\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.1)\n"
    )
    body = server.body("stubborn", script)
    body["algorithm"]["outputs"] = [
        {"name": "train_url", "remote": {"obs": {"obs_url": "obs://e2e/stubborn/out/"}}}
    ]
    body["spec"]["stop_grace_seconds"] = 1
    job = server.create(body)
    wait_for(lambda: b"ready" in server.log(job), what="ready")
    assert (
        server.call(
            "POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"}
        ).status_code
        == 202
    )
    ended = server.wait(job)
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Terminated", "stopped_by_user")
    assert b"got term" in server.log(job)
    assert server.get("obs://e2e/stubborn/out/model.bin") == b"weights"
    assert processes_of(job) == []


def test_requirements_that_cannot_be_installed_fail_the_job(server: LiveServer) -> None:
    """Guards pip-requirements.txt: its own reason, pip's words in the log."""
    server.put("obs://e2e/badreq/code/pip-requirements.txt", "./no_such_wheel-1.0-py3-none-any.whl\n")
    job = server.create(server.body("badreq", "print('never')"))
    ended = server.wait(job)
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Failed", "requirements_failed")
    assert b"no_such_wheel" in server.log(job)
    assert b"never" not in user_bytes(server.log(job))


def test_what_the_job_sees(server: LiveServer) -> None:
    """Guards directories, arguments and variables of the run-time contract under both launchers."""
    script = (
        "import json, os, sys, pathlib\n"
        "args = dict(a[2:].split('=', 1) for a in sys.argv[1:])\n"
        "seen = {'args': args, 'env': dict(os.environ), 'cwd': os.getcwd(),\n"
        "        'data': pathlib.Path(args['data_url'], 'a.txt').read_text(),\n"
        "        'code': sorted(p.name for p in pathlib.Path(__file__).parent.iterdir())}\n"
        "pathlib.Path(os.environ['result'], 'seen.json').write_text(json.dumps(seen))\n"
    )
    server.put("obs://e2e/sees/data/a.txt", "payload")
    body = server.body("sees", script)
    body["algorithm"] |= {
        "parameters": [{"name": "lr", "value": "0.010"}],
        "environments": {"COLOUR": "$HOME blue"},
        "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://e2e/sees/data/"}}}],
        "outputs": [
            {"name": "result", "access_method": "env", "remote": {"obs": {"obs_url": "obs://e2e/sees/out/"}}}
        ],
    }
    job = server.create(body)
    assert server.wait(job)["status"]["phase"] == "Completed", server.log(job)
    seen = json.loads(server.get("obs://e2e/sees/out/seen.json"))
    assert seen["data"] == "payload"
    assert seen["args"]["lr"] == "0.010"
    assert "result" not in seen["args"]
    env = seen["env"]
    assert env["COLOUR"] == "$HOME blue"
    assert env["MA_CURRENT_INSTANCE_NAME"] == f"modelarts-job-{job}-worker-0"
    assert (env["VC_TASK_INDEX"], env["VC_WORKER_NUM"], env["MA_NUM_HOSTS"]) == ("0", "1", "1")
    assert env["MA_TASK_NAME"] == "worker"
    assert seen["args"]["data_url"].endswith("/home/ma-user/modelarts/inputs/data_url_0")
    assert env["result"].endswith("/home/ma-user/modelarts/outputs/result_0")
    assert env["MA_JOB_DIR"].endswith("/home/ma-user/modelarts/user-job-dir")
    if server.environment["TRAINWRIGHT_SANDBOX"] == "on":
        assert env["MA_JOB_DIR"] == "/home/ma-user/modelarts/user-job-dir"
    assert not {"TRAINWRIGHT_DATA_DIR", "TRAINWRIGHT_SANDBOX"} & set(env)


def test_a_script_resumes_from_its_prefetched_checkpoint(server: LiveServer) -> None:
    """Guards prefetch_to_local: the second job finds what the first one uploaded."""
    script = (
        "import sys, pathlib\n"
        "out = pathlib.Path([a.split('=', 1)[1] for a in sys.argv if a.startswith('--train_url=')][0])\n"
        "file = out / 'epoch.txt'\n"
        "epoch = int(file.read_text()) if file.exists() else 0\n"
        "print('starting at epoch', epoch)\n"
        "file.write_text(str(epoch + 1))\n"
    )
    for number in range(2):
        body = server.body(f"resume-{number}", script)
        body["algorithm"]["outputs"] = [
            {
                "name": "train_url",
                "prefetch_to_local": True,
                "remote": {"obs": {"obs_url": "obs://e2e/resume/out/"}},
            }
        ]
        job = server.create(body)
        assert server.wait(job)["status"]["phase"] == "Completed"
        assert f"starting at epoch {number}".encode() in server.log(job)
    assert server.get("obs://e2e/resume/out/epoch.txt") == b"2"


def test_events_tell_the_steps_in_order_in_both_languages(server: LiveServer) -> None:
    """Guards the order of a run and its words."""
    job = server.create(server.body("events", "print('x')"))
    server.wait(job)
    english = server.events(job)
    chinese = server.events(job, "zh-cn")
    order = [
        "Training job created",
        "Code download",
        "Training started",
        "exit code 0",
        "finished successfully",
    ]
    places = [next(i for i, text in enumerate(english) if part in text) for part in order]
    assert places == sorted(places)
    assert len(english) == len(chinese)
    assert any("训练作业运行成功" in text for text in chinese)


def test_the_run_time_limit_terminates_the_job(server: LiveServer) -> None:
    """Guards auto-stop end to end."""
    body = server.body("limit", "import time\nprint('up', flush=True)\ntime.sleep(600)\n")
    body["spec"]["auto_stop"] = {"time_unit": "SECONDS", "duration": 2}
    job = server.create(body)
    ended = server.wait(job)
    assert (ended["status"]["phase"], ended["status"]["reason"]) == ("Terminated", "time_limit")
    assert processes_of(job) == []


def test_log_export_stores_the_log_as_an_object(server: LiveServer) -> None:
    """Guards log_export_path."""
    body = server.body("export", "print('keep me')")
    body["spec"]["log_export_path"] = {"obs_url": "obs://e2e/export/logs/"}
    job = server.create(body)
    assert server.wait(job)["status"]["phase"] == "Completed"
    keys = server.keys("obs://e2e/export/logs/")
    name = f"modelarts-job-{job}-worker-0.log"
    assert any(key.endswith(name) for key in keys), keys
    key = next(key for key in keys if key.endswith(name))
    assert b"keep me\n" in server.get(f"obs://e2e/{key}")
