"""From plain values and friendly YAML to the REST body."""

from pathlib import Path

import pytest

from trainwright.client import JobDraft, draft_body, expand_body, is_local_folder, parse_auto_stop
from trainwright.wire.jobs import JobRequest

FULL = JobDraft(
    name="digits",
    description="",
    code_dir="obs://b/code/digits/",
    boot_file="train.py",
    engine="sk",
    flavor="small",
    nodes=2,
    parameters={"lr": 0.1, "fast": True, "note": None},
    environment={"N": 3},
    inputs={"data_url": "obs://b/in/"},
    outputs={"train_url": "obs://b/out/"},
    prefetch=["train_url"],
    by_environment=["data_url"],
    log_path="obs://b/log/",
    auto_stop="2h",
    priority=3,
    preemptible=True,
    retries=2,
    reserve_hours=4,
)


def test_draft_becomes_a_valid_request() -> None:
    """Every field lands where the contract has it, and the wire model takes it."""
    body = draft_body(FULL)
    assert body == {
        "kind": "job",
        "metadata": {
            "name": "digits",
            "description": "",
            "annotations": {"fault-tolerance/job-retry-num": "2"},
        },
        "algorithm": {
            "code_dir": "obs://b/code/digits/",
            "boot_file": "obs://b/code/digits/train.py",
            "engine": {"engine_id": "sk"},
            "parameters": [
                {"name": "lr", "value": "0.1"},
                {"name": "fast", "value": "true"},
                {"name": "note", "value": ""},
            ],
            "environments": {"N": "3"},
            "inputs": [
                {
                    "name": "data_url",
                    "remote": {"obs": {"obs_url": "obs://b/in/"}},
                    "access_method": "env",
                }
            ],
            "outputs": [
                {
                    "name": "train_url",
                    "remote": {"obs": {"obs_url": "obs://b/out/"}},
                    "prefetch_to_local": True,
                }
            ],
        },
        "spec": {
            "resource": {"flavor_id": "small", "node_count": 2},
            "log_export_path": {"obs_url": "obs://b/log/"},
            "auto_stop": {"time_unit": "HOURS", "duration": 2},
            "schedule_policy": {"priority": 3, "preemptible": True},
            "reserved_time": {"time_unit": "HOURS", "duration": 4},
        },
    }
    JobRequest.model_validate(body)


def test_flags_go_over_the_file_by_name() -> None:
    """A flag replaces the item of its name and leaves the others; the file's mapping is not changed."""
    base = expand_body(
        {
            "metadata": {"name": "old", "annotations": {"a": "1"}},
            "algorithm": {"parameters": {"lr": 1e-5, "epochs": 3}, "engine": "e1"},
            "spec": {"auto_stop": "30s", "custom": {"kept": True}},
        }
    )
    body = draft_body(JobDraft(name="new", parameters={"epochs": 9}, nodes=1), base)
    assert body["metadata"] == {"name": "new", "annotations": {"a": "1"}}
    assert body["algorithm"]["parameters"] == [
        {"name": "lr", "value": "1e-05"},
        {"name": "epochs", "value": "9"},
    ]
    assert body["algorithm"]["engine"] == {"engine_id": "e1"}
    assert body["spec"]["auto_stop"] == {"time_unit": "SECONDS", "duration": 30}
    assert body["spec"]["custom"] == {"kept": True}
    assert base["metadata"]["name"] == "old"
    assert "resource" not in base["spec"]


def test_rest_form_passes_unchanged() -> None:
    """Whoever writes the contract's own form gets exactly that, numbers as texts apart."""
    raw = {
        "algorithm": {
            "engine": {"engine_name": "PyTorch", "engine_version": "2"},
            "parameters": [{"name": "lr", "value": 0.5, "constraint": {"type": "Float"}}],
            "inputs": [{"name": "i", "remote": {"obs": {"obs_url": "obs://b/"}}}],
        }
    }
    body = expand_body(raw)
    assert body["algorithm"]["parameters"] == [
        {"name": "lr", "value": "0.5", "constraint": {"type": "Float"}}
    ]
    assert body["algorithm"]["engine"] == raw["algorithm"]["engine"]
    assert body["algorithm"]["inputs"] == raw["algorithm"]["inputs"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", ("HOURS", 2)),
        ("3", ("HOURS", 3)),
        ("120m", ("HOURS", 2)),
        ("90m", ("SECONDS", 5400)),
        ("45 s", ("SECONDS", 45)),
    ],
)
def test_auto_stop(text: str, expected: tuple[str, int]) -> None:
    """Whole hours in the contract's unit, anything else in ours."""
    assert tuple(parse_auto_stop(text).values()) == expected


@pytest.mark.parametrize("text", ["", "0h", "soon", "-1h", "1d"])
def test_no_duration(text: str) -> None:
    """What cannot be read is said to be so."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_auto_stop(text)


def test_marking_an_unknown_channel_is_an_error() -> None:
    """A misspelt `--prefetch` must not be ignored."""
    with pytest.raises(ValueError, match="'typo' is not one of"):
        draft_body(JobDraft(name="x", outputs={"out": "obs://b/o/"}, prefetch=["typo"]))


def test_absolute_boot_files_stay() -> None:
    """The contract's own spellings are left alone."""
    for path in ("obs://b/code/x.py", "/b/code/x.py"):
        body = draft_body(JobDraft(name="x", code_dir="obs://b/code/", boot_file=path))
        assert body["algorithm"]["boot_file"] == path


def test_which_code_folder_is_here(tmp_path: Path) -> None:
    """`/bucket/folder` is the store's unless such a folder is here."""
    assert is_local_folder(str(tmp_path))
    assert is_local_folder("./code")
    assert not is_local_folder("obs://b/c/")
    assert not is_local_folder("/no-such-bucket/code/")
    assert not is_local_folder("")
