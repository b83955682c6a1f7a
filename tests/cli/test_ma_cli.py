"""`ma-cli`: the YAML files and options in use, and that its commands do what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.canned import ID, Shell, job_answer, page_of
from tests.cli.conftest import Run
from tests.server.world import ServerWorld
from trainwright.cli.ma_cli import main
from trainwright.cli.ma_job_body import body_of, merged

JOB = f"/v2/training-jobs/{ID}"
YAML = """
name: test-1
train-instance-type: modelarts.vm.cpu.8u
train_instance_count: 2
data-url: obs://b/data/
code-dir: obs://b/code/
working-dir: /home/ma-user/modelarts/user-job-dir/code
framework-type: PyTorch
framework-version: pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64
boot-file: main.py
log-url: obs://b/logs/
output:
    - name: output_dir
      obs_path: obs://b/output1/
parameters:
    - epoch: 10
    - learning_rate: 0.01
    - pretrained:
env-variables: {A: 1}
"""


def ma(shell: Shell, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    shell.capture.readouterr()
    code = main(arguments)
    out, err = shell.capture.readouterr()
    return code, out, err


def test_submit_from_a_file_with_options_over_it(shell: Shell, tmp_path: Path) -> None:
    """The body of the contract; what an option says wins."""
    (tmp_path / "train.yaml").write_text(YAML)
    shell.server.answers["POST /v2/training-jobs"] = (201, job_answer("test-2", phase="Creating"))
    code, out, err = ma(
        shell, "ma-job", "submit", str(tmp_path / "train.yaml"), "--name", "test-2", "--quiet",
        "--input", "extra=obs://b/extra/", "--pool-id", "pool-1", "-P", "DEFAULT",
    )  # fmt: skip
    assert code == 0, err
    assert out == f"Job test-2 created ({ID}).\n"
    (body,) = shell.server.bodies("POST /v2/training-jobs")
    assert body == {
        "kind": "job",
        "metadata": {"name": "test-2"},
        "algorithm": {
            "code_dir": "obs://b/code/",
            "working_dir": "/home/ma-user/modelarts/user-job-dir/code",
            "boot_file": "obs://b/code/main.py",
            "engine": {
                "engine_name": "PyTorch",
                "engine_version": "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64",
            },
            "parameters": [
                {"name": "epoch", "value": "10"},
                {"name": "learning_rate", "value": "0.01"},
                {"name": "pretrained", "flag": True},
            ],
            "environments": {"A": "1"},
            "inputs": [
                {"name": "extra", "remote": {"obs": {"obs_url": "obs://b/extra/"}}},
                {"name": "data_url", "remote": {"obs": {"obs_url": "obs://b/data/"}}},
            ],
            "outputs": [{"name": "output_dir", "remote": {"obs": {"obs_url": "obs://b/output1/"}}}],
        },
        "spec": {
            "resource": {"node_count": 2, "flavor_id": "modelarts.vm.cpu.8u", "pool_id": "pool-1"},
            "log_export_path": {"obs_url": "obs://b/logs/"},
        },
    }


@pytest.mark.parametrize(
    "given",
    [
        {"epoch": 10, "fast": None},
        [{"epoch": 10}, {"fast": None}],
        [{"name": "epoch", "value": 10}, {"fast": None}],
        ["epoch=10", "fast"],
        '[{"name": "epoch", "value": "10"}, {"fast": null}]',
        ['{"epoch": 10}', "fast"],
    ],
)
def test_every_form_of_parameters(given: Any) -> None:
    """As found in files and on command lines."""
    body = body_of(merged({"parameters": given}))
    assert body["algorithm"]["parameters"] == [
        {"name": "epoch", "value": "10"},
        {"name": "fast", "flag": True},
    ]
    assert body["metadata"]["name"].startswith("job-")


def test_custom_images(shell: Shell) -> None:
    """Command, user and folders of an image; volumes as JSON."""
    given = {
        "image-url": "swr/x/y:1",
        "user-command": "bash run.sh",
        "uid": 1000,
        "local-code-dir": "/home/ma-user/code",
        "volumes": ['{"nfs": {"nfs_server_path": "1.2.3.4:/", "local_path": "/mnt"}}'],
        "workspace-id": "0",
        "policy": "regular",
    }
    body = body_of(merged(given))
    assert body["algorithm"] == {
        "local_code_dir": "/home/ma-user/code",
        "command": "bash run.sh",
        "engine": {"image_url": "swr/x/y:1", "run_user": "1000"},
    }
    assert body["spec"]["volumes"] == [{"nfs": {"nfs_server_path": "1.2.3.4:/", "local_path": "/mnt"}}]
    assert body["metadata"]["workspace_id"] == "0" and body["spec"]["resource"]["policy"] == "regular"


def test_what_cannot_be_meant_is_refused(shell: Shell, tmp_path: Path) -> None:
    """In a sentence, with exit code 2, before anything is sent."""
    (tmp_path / "bad.yaml").write_text("no-such-key: 1\n")
    code, _, err = ma(shell, "ma-job", "submit", str(tmp_path / "bad.yaml"))
    assert code == 2 and "no-such-key is not an option of `ma-cli ma-job submit`." in err
    assert ma(shell, "ma-job", "submit", str(tmp_path / "none.yaml"))[0] == 2
    assert ma(shell, "ma-job", "submit", "--volumes", "{")[0] == 2
    code, _, err = ma(shell, "ma-job", "get-job", "-P", "prod")
    assert code == 2 and "There are no profiles here" in err
    assert ma(shell, "ma-job", "get-job", "-C", "x.conf")[0] == 2
    code, _, err = ma(shell, "configure", "--auth", "ROMA")
    assert code == 2 and "ROMA is not one of PWD, AKSK" in err
    assert shell.server.seen == []


def test_questions_about_jobs(shell: Shell) -> None:
    """The commands and options of the manual."""
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of(job_answer()))
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    assert "digits" in ma(shell, "ma-job", "get-job", "-n", "dig", "-pn", "2", "-ps", "5")[1]
    (search,) = shell.server.bodies("POST /v2/training-job-searches")
    assert (search["offset"], search["limit"], search["filters"][0]["value"]) == (5, 5, ["dig"])
    assert json.loads(ma(shell, "ma-job", "get-job", "-i", ID, "-v")[1])["metadata"]["id"] == ID
    shell.server.answers[f"GET {JOB}/tasks/worker-1/logs/content"] = (200, b"hello\n")
    assert ma(shell, "ma-job", "get-log", "--job-id", ID, "-t", "worker-1", "-D")[1] == "hello\n"
    shell.server.answers[f"GET {JOB}/events"] = (
        200, {"total": 0, "limit": 100, "offset": 0, "order": "asc", "events": []},
    )  # fmt: skip
    assert ma(shell, "ma-job", "get-event", "-i", ID)[0] == 0
    shell.server.answers["GET /v2/training-job-engines"] = (200, {"total": 0, "items": []})
    assert ma(shell, "ma-job", "get-engine")[0] == 0
    shell.server.answers["GET /v2/training-job-flavors"] = (200, {"total_count": 0, "flavors": []})
    assert ma(shell, "ma-job", "get-flavor", "-t", "CPU")[0] == 0
    shell.server.answers["GET /v2/pools"] = (200, {"apiVersion": "v2", "kind": "PoolList", "items": []})
    assert json.loads(ma(shell, "ma-job", "get-pool", "-v")[1])["items"] == []
    shell.server.answers[f"POST {JOB}/actions"] = (202, job_answer(phase="Terminating"))
    assert ma(shell, "ma-job", "stop", "-i", ID, "-y")[1] == "Stopping job digits.\n"
    shell.server.answers[f"DELETE {JOB}"] = (202, b"")
    assert ma(shell, "ma-job", "delete", "-i", ID, "--yes")[1] == "Job digits deleted.\n"
    assert ma(shell, "ma-job", "get-log", "-i", "no-such-job")[0] == 3


def test_help(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three names for it, and in the language of the locale."""
    for sign in ("-h", "-H", "--help"):
        assert "--train-instance-type" in ma(shell, "ma-job", "submit", sign)[1]
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "提交训练作业" in ma(shell, "ma-job", "--help")[1]


@pytest.mark.anyio
async def test_configure(run: Run, world: ServerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """By access key and by password: afterwards the program finds server, project and token."""
    pair = json.loads((await run("key", "create", "-o", "json"))[1])
    await run("user", "create", "ann", "--password-stdin", stdin="correct horse battery\n")
    by_keys = (
        "configure",
        "--auth",
        "AKSK",
        "-ak",
        pair["access_key"],
        "-sk",
        pair["secret_key"],
        "-r",
        "here",
    )
    account = json.loads((await run("project", "list", "-o", "json"))[1])["projects"][0]["name"]
    by_password = ("configure", "-u", "ann", "-p", "correct horse battery", "-a", account)
    for arguments in (by_keys, by_password):
        code, out, err = await run(*arguments, program=main)
        assert code == 0 and out.startswith("Logged in to http://"), err
        with monkeypatch.context() as bare:
            for name in ("TRAINWRIGHT_ENDPOINT", "TRAINWRIGHT_PROJECT", "TRAINWRIGHT_TOKEN"):
                bare.delenv(name)
            code, out, err = await run("ma-job", "get-job", program=main)
            assert code == 0 and out.startswith("NAME"), err
    wrong = ("configure", "--auth", "AKSK", "-ak", pair["access_key"], "-sk", "wrong")
    assert (await run(*wrong, program=main))[0] == 3
