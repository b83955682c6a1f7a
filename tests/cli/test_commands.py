"""What commands print, in tables and for programs, in both languages, and their exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.canned import ID, PROJECT, Shell, canned_server, job_answer, page_of
from trainwright.cli.main import main
from trainwright.client.config import config_path

JOB = f"/v2/training-jobs/{ID}"
FLAVORS = {
    "total_count": 1,
    "flavors": [
        {
            "flavor_id": "small",
            "flavor_name": "small",
            "flavor_type": "CPU",
            "max_num": 2,
            "billing": {"code": "", "unit_num": 0},
            "flavor_info": {
                "max_num": 2,
                "cpu": {"arch": "x86_64", "core_num": 4},
                "gpu": {"unit_num": 2, "product_name": "H100", "memory": "80GB"},
                "memory": {"size": 16, "unit": "GB"},
            },
        }
    ],
}


def columns(text: str) -> list[list[str]]:
    """Lines cut into words at two or more blanks."""
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in text.splitlines()
        if line.strip()
    ]


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing to ask a program."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("trainwright 0.")


def test_version_and_help_need_no_http_client() -> None:
    """Starting fast depends on not importing what is not needed."""
    probe = (
        "import sys; from trainwright.cli.main import main; main(['--version']);"
        "print([name for name in ('httpx', 'pydantic', 'yaml', 'trainwright.client') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_job_list_in_english(shell: Shell) -> None:
    """Plain columns where there is no terminal."""
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of(job_answer()))
    code, out, _ = shell("job", "list")
    assert code == 0
    assert columns(out) == [
        ["NAME", "PHASE", "CREATED", "DURATION", "NODES", "FLAVOR"],
        ["digits", "Completed", "2023-11-14", "1m 05s", "1", "small"],
    ]
    assert "\x1b" not in out


def test_job_list_in_chinese(shell: Shell) -> None:
    """The same in the other language; the server is asked for it, too."""
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of(job_answer()))
    _, out, _ = shell("job", "list", "--language", "zh-cn")
    assert columns(out)[0] == ["名称", "状态", "创建时间", "运行时长", "节点数", "规格"]
    assert columns(out)[1][1] == "运行成功"
    assert shell.server.seen[0][1]["X-Language"] == "zh-cn"


def test_job_list_filters(shell: Shell) -> None:
    """Flags become filters of the contract."""
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of())
    shell("job", "list", "--name", "dig", "--phase", "Failed", "--phase", "Running", "--limit", "5")
    (search,) = shell.server.bodies("POST /v2/training-job-searches")
    assert search["limit"] == 5
    assert search["filters"] == [
        {"key": "name", "operator": "like", "value": ["dig"]},
        {"key": "phase", "operator": "in", "value": ["Failed", "Running"]},
    ]
    shell("job", "list", "--phase", "运行失败")
    assert shell.server.bodies("POST /v2/training-job-searches")[1]["filters"] == [
        {"key": "phase", "operator": "in", "value": ["Failed"]}
    ]


def test_json_and_yaml_are_the_wire_model(shell: Shell) -> None:
    """Programs get what the server sent, no more and no less."""
    answer = page_of(job_answer())
    shell.server.answers["POST /v2/training-job-searches"] = (200, answer)
    assert json.loads(shell("job", "list", "-o", "json")[1]) == answer
    assert json.loads(shell("--output", "json", "job", "list")[1]) == answer
    assert yaml.safe_load(shell("job", "list", "--output", "yaml")[1]) == answer


def test_job_show_by_name(shell: Shell) -> None:
    """Names are what people remember."""
    other = job_answer("digits-2")
    other["metadata"]["id"] = ID.replace("1", "2")
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of(other, job_answer("digits")))
    code, out, _ = shell("job", "show", "digits")
    assert code == 0
    rows = {row[0]: row[1] for row in columns(out)}
    assert rows["Name"] == "digits"
    assert rows["Phase"] == "Completed"
    assert rows["Flavor"] == "1 × small"
    assert rows["Input"] == "data_url = obs://b/in/"


def test_job_show_says_why_it_waits(shell: Shell) -> None:
    """In the reader's language."""
    shell.server.answers[f"GET {JOB}"] = (200, job_answer(phase="Pending", pending_message="排队中"))
    _, out, _ = shell("--language", "zh-cn", "job", "show", ID)
    assert ["原因", "排队中"] in columns(out)


def test_job_show_says_what_is_kept_and_what_hangs(shell: Shell) -> None:
    """Both while the job is Running, and neither is said otherwise."""
    kept = job_answer(phase="Running", secondary_phase="Reserved", retention_time=90_000)
    shell.server.answers[f"GET {JOB}"] = (200, kept)
    rows = {row[0]: row[1] for row in columns(shell("job", "show", ID)[1])}
    assert rows["Environment"] == "kept for 1m 30s yet; see `job shell`, `job stop`"
    shell.server.answers[f"GET {JOB}"] = (200, job_answer(phase="Running", pending_message="it may hang"))
    rows = {row[0]: row[1] for row in columns(shell("job", "show", ID)[1])}
    assert rows["Because"] == "it may hang"
    assert "Environment" not in rows


def test_stop_describe_delete(shell: Shell) -> None:
    """Each is one call."""
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    shell.server.answers[f"POST {JOB}/actions"] = (202, job_answer(phase="Terminating"))
    shell.server.answers[f"PUT {JOB}"] = (200, b"null")
    shell.server.answers[f"DELETE {JOB}"] = (202, b"")
    assert shell("job", "stop", ID)[:2] == (0, "Stopping job digits.\n")
    assert shell("job", "describe", ID, "new words")[0] == 0
    said = (0, "Job digits has priority 3 now.\n")
    assert shell("job", "priority", ID, "3")[:2] == said
    assert shell("job", "delete", ID)[:2] == (0, "Job digits deleted.\n")
    assert shell.server.bodies(f"PUT {JOB}") == [
        {"description": "new words"},
        {"spec": {"schedule_policy": {"priority": 3}}},
    ]
    assert shell.server.bodies(f"POST {JOB}/actions") == [{"action_type": "terminate"}]


def test_job_rebuild(shell: Shell, tmp_path: Path) -> None:
    """The server's copy of the request is sent back, under another name when one is given; or only printed."""
    body = {"kind": "job", "metadata": {"name": "digits-copy"}, "algorithm": {"command": "true"}, "own": [1]}
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    shell.server.answers[f"GET {JOB}/request"] = (200, body)
    shell.server.answers["POST /v2/training-jobs"] = (201, job_answer("digits-copy"))
    assert shell("job", "rebuild", ID)[:2] == (0, f"Job digits-copy created ({ID}).\n")
    assert shell("job", "rebuild", ID, "--name", "other")[0] == 0
    sent = shell.server.bodies("POST /v2/training-jobs")
    assert sent == [body, {**body, "metadata": {"name": "other"}}]
    assert yaml.safe_load(shell("job", "rebuild", ID, "--print")[1]) == body
    assert json.loads(shell("job", "rebuild", ID, "--print", "-o", "json")[1]) == body
    assert len(shell.server.bodies("POST /v2/training-jobs")) == 2


def test_job_create_from_flags(shell: Shell) -> None:
    """Every flag lands in the request; `--output json` is told from an output channel."""
    shell.server.answers["POST /v2/training-jobs"] = (201, job_answer())
    code, out, _ = shell(
        "job", "create", "--name", "digits", "--code-dir", "obs://b/code/", "--boot-file", "train.py",
        "--engine", "sk", "--flavor", "small", "--nodes", "2", "-p", "lr=0.1", "-p", "note=a=b", "-e", "K=V",
        "--input", "data_url=obs://b/in/", "--output", "train_url=obs://b/out/", "--prefetch", "train_url",
        "--auto-stop", "2h", "--log-path", "obs://b/log/", "--description", "d", "--priority", "2",
        "--retries", "3", "--preemptible", "--reserve-hours", "2",
        "--output", "json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["metadata"]["id"] == ID
    (body,) = shell.server.bodies("POST /v2/training-jobs")
    retries = {"fault-tolerance/job-retry-num": "3"}
    assert body["metadata"] == {"name": "digits", "description": "d", "annotations": retries}
    assert body["spec"]["schedule_policy"] == {"priority": 2, "preemptible": True}
    assert body["spec"]["reserved_time"] == {"time_unit": "HOURS", "duration": 2}
    assert body["algorithm"]["boot_file"] == "obs://b/code/train.py"
    assert body["algorithm"]["parameters"] == [
        {"name": "lr", "value": "0.1"},
        {"name": "note", "value": "a=b"},
    ]
    assert body["algorithm"]["outputs"][0]["prefetch_to_local"] is True
    assert body["spec"]["resource"] == {"flavor_id": "small", "node_count": 2}
    assert body["spec"]["auto_stop"] == {"time_unit": "HOURS", "duration": 2}


def test_job_create_from_a_file_with_flags_over_it(shell: Shell, tmp_path: Path) -> None:
    """The file is the REST body with short forms."""
    shell.server.answers["POST /v2/training-jobs"] = (201, job_answer())
    file = tmp_path / "job.yaml"
    file.write_text(
        "metadata: {name: old}\n"
        "algorithm:\n  command: python -c 1\n  parameters: {epochs: 3}\n"
        "spec: {auto_stop: 90m}\n"
    )
    code, out, _ = shell("job", "create", "-f", str(file), "--name", "new", "--flavor", "small")
    assert (code, out.splitlines()[0]) == (0, f"Job digits created ({ID}).")
    (body,) = shell.server.bodies("POST /v2/training-jobs")
    assert body["metadata"]["name"] == "new"
    assert body["algorithm"]["parameters"] == [{"name": "epochs", "value": "3"}]
    assert body["spec"]["auto_stop"] == {"time_unit": "SECONDS", "duration": 5400}


def test_job_preview(shell: Shell, tmp_path: Path) -> None:
    """What each role's tasks would run; nothing is created."""
    role = {
        "role": "worker", "tasks": ["worker-0", "worker-1"], "flavor_id": "small", "command": "python -c 1",
        "working_dir": "/home/ma-user", "environment": {"B": "2", "A": "1"}, "folders": [],
        "min_succeeded": 2, "min_failed": 1,
    }  # fmt: skip
    shell.server.answers["POST /v2/training-job-previews"] = (200, {"roles": [role]})
    file = tmp_path / "job.yaml"
    file.write_text(
        "metadata: {name: x}\nalgorithm: {command: python -c 1}\nspec: {resource: {node_count: 2}}\n"
    )
    code, out, _ = shell("job", "preview", "-f", str(file))
    rows = columns(out)
    assert code == 0
    assert ["Command", "python -c 1"] in rows
    assert [row[1] for row in rows if row[0] == "Variable"] == ["A=1", "B=2"]
    (body,) = shell.server.bodies("POST /v2/training-job-previews")
    assert body["algorithm"] == {"command": "python -c 1"}
    shown = json.loads(shell("job", "preview", "-f", str(file), "-o", "json")[1])
    assert shown["roles"][0]["tasks"] == ["worker-0", "worker-1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["job", "priority", "x", "4"],
        ["job", "create", "--param", "lr"],
        ["job", "create", "--name", "x", "--auto-stop", "soon"],
        ["job", "create", "--name", "x", "--prefetch", "nothing"],
        ["job", "create", "-f", "no such file.yaml"],
        ["job", "list", "--limit", "51"],
        ["job", "nonsense"],
        ["nonsense"],
        ["job", "show"],
        ["obs", "cp", "here", "there"],
        ["obs", "rm", "obs://bucket/folder/"],
    ],
)
def test_wrong_usage_is_exit_code_2_and_sends_nothing(shell: Shell, arguments: list[str]) -> None:
    """Said on stderr, in a line or two."""
    code, out, err = shell(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("Error: ")
    assert "Traceback" not in err
    assert not shell.server.seen


def test_a_refusal_is_exit_code_3(shell: Shell) -> None:
    """Message, remedy and request id; no traceback."""
    code, _, err = shell("job", "stop", ID)
    assert code == 3
    assert err.splitlines() == [f"Error: no {JOB} (ModelArts.2775)", "Look it up.", "Request id: req-1"]


@pytest.mark.parametrize(("field", "option"), [("flavor_id", "--flavor"), ("pool_id", "")])
def test_a_refused_field_leads_to_its_option(shell: Shell, field: str, option: str) -> None:
    """Who types options does not know the fields of the API."""
    refused = {"error_code": "ModelArts.2788", "error_msg": "it is missing"}
    shell.server.answers["POST /v2/training-jobs"] = (
        400,
        {**refused, "error_field": f"spec.resource.{field}"},
    )
    code, _, err = shell("job", "create", "--command", "true")
    assert code == 3
    assert (f"shows what {option} takes" in err) == bool(option)


def test_a_refusal_in_chinese(shell: Shell) -> None:
    """Our own words around the server's."""
    _, _, err = shell("--language", "zh-cn", "job", "stop", ID)
    assert err.splitlines()[0] == f"错误：no {JOB} (ModelArts.2775)"
    assert err.splitlines()[2] == "请求 ID：req-1"


def test_no_server_is_exit_code_4(capsys: pytest.CaptureFixture[str]) -> None:
    """Where it was looked for, and how to start one."""
    code = main(["--endpoint", "http://127.0.0.1:9", "--project", "p", "--token", "t", "engine", "list"])
    err = capsys.readouterr().err
    assert code == 4
    assert "Cannot reach the Trainwright server at http://127.0.0.1:9" in err
    assert "trainwright server" in err


def test_nothing_configured_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The newcomer's first command."""
    assert main(["job", "list", "--language", "zh-cn"]) == 2
    assert "未找到 Trainwright 服务器" in capsys.readouterr().err


def test_flavors(shell: Shell) -> None:
    """Numbers and accelerators in words."""
    shell.server.answers["GET /v2/training-job-flavors"] = (200, FLAVORS)
    _, out, _ = shell("flavor", "list")
    assert columns(out)[1] == ["small", "4", "16 GB", "2 × H100", "2"]


def test_last_lines_of_a_log(shell: Shell) -> None:
    """`--tail` finds where they begin and asks for the bytes from there."""
    content = f"{JOB}/tasks/worker-0/logs/content"
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    shell.server.answers[f"GET {JOB}/logs/worker-0"] = (
        200,
        {"start_line": "10", "end_line": "16", "lines": 2, "content": "newest first"},
    )
    shell.server.answers[f"GET {content}"] = (206, "b\n数\n".encode())
    assert shell("job", "logs", ID, "--tail", "2")[:2] == (0, "b\n数\n")
    assert [headers["Range"] for call, headers, _ in shell.server.seen if call == f"GET {content}"] == [
        "bytes=10-"
    ]


def test_a_whole_log_is_bytes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Binary output comes out as it went in."""
    data = bytes(range(256))
    with canned_server() as server:
        server.answers[f"GET {JOB}"] = (200, job_answer())
        server.answers[f"GET {JOB}/tasks/worker-0/logs/content"] = (200, data)
        access = ["--endpoint", server.endpoint, "--project", PROJECT, "--token", "t"]
        assert main([*access, "job", "logs", ID]) == 0
    assert capfdbinary.readouterr().out == data


def test_events_and_their_json(shell: Shell) -> None:
    """Oldest first."""
    event = {
        "message": "[worker-0] hello",
        "level": "Info",
        "time": "2026-01-01T00:00:00+00:00",
        "source": "Task",
    }
    answer = {
        "total": 1,
        "limit": 100,
        "offset": 0,
        "order": "asc",
        "events": [{**event, "seq": 1, "code": "c"}],
    }
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    shell.server.answers[f"GET {JOB}/events"] = (200, answer)
    assert columns(shell("job", "events", ID)[1])[1] == [event["time"], "Info", "[worker-0] hello"]
    assert json.loads(shell("job", "events", ID, "-o", "json")[1]) == answer


def test_usage_leaves_out_missing_samples(shell: Shell) -> None:
    """-1 means that there was none."""
    shell.server.answers[f"GET {JOB}"] = (200, job_answer())
    answer = {
        "metrics": [{"metric": "cpuUsage", "value": [-1, 50, 100]}, {"metric": "gpuUtil", "value": [-1, -1]}]
    }
    shell.server.answers[f"GET {JOB}/metrics/worker-0"] = (200, answer)
    assert columns(shell("job", "usage", ID)[1])[1:] == [["cpuUsage", "75.0", "100.0", "-1", "50", "100"]]


def test_login_tries_the_token_before_it_stores_it(shell: Shell) -> None:
    """A wrong token must not replace a good login."""
    shell.server.answers["GET /v2/backends"] = (401, {"error_code": "ModelArts.0205", "error_msg": "who?"})
    assert shell("login")[0] == 3
    path = config_path(os.environ)
    assert not path.exists()
    shell.server.answers["GET /v2/backends"] = (200, {"backends": []})
    code, out, _ = shell("login")
    assert code == 0
    assert "secret-token" not in out
    assert yaml.safe_load(path.read_text())["token"] == "secret-token"
    assert path.stat().st_mode & 0o777 == 0o600


def test_config_show_hides_the_token(shell: Shell) -> None:
    """Where each value comes from, for programs, too."""
    code, out, _ = shell("config", "show", "-o", "json")
    shown = json.loads(out)
    assert code == 0
    assert shown["endpoint"] == {"value": shell.server.endpoint, "source": "environment"}
    assert "secret" not in out


def test_output_that_nobody_reads_is_quiet(shell: Shell) -> None:
    """`trainwright … | head -1` must not end in a traceback."""
    shell.server.answers["POST /v2/training-job-searches"] = (200, page_of(*[job_answer()] * 2000))
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "trainwright.cli.main", "job", "list", "-o", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    process.wait(timeout=60)


@pytest.mark.parametrize("language", ["en-us", "zh-cn"])
def test_help_of_every_command(shell: Shell, language: str) -> None:
    """No command's help breaks, and it is in the user's language."""
    expected = {"en-us": "Create a job.", "zh-cn": "创建作业。"}[language]
    assert expected in shell("job", "--help", "--language", language)[1]
    for command in (["job", "create"], ["obs", "cp"], ["server"], ["login"], ["config", "show"]):
        code, out, _ = shell("--language", language, *command, "--help")
        assert code == 0
        assert ("选项" in out, "显示本帮助" in out) == (language == "zh-cn",) * 2
