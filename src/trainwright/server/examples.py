"""One request body for every operation that takes one, by operation id; a test parses each with its own model."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_JOB = "3faa8f09-6a5c-4d34-9f2e-0c6e3c6b8a11"
_USER = "5d9c4e0b7a2f4d1c8e6b3a9f0c7d2e41"
_TAGS = {"tags": [{"key": "team", "value": "vision"}]}
_ALGORITHM = {
    "metadata": {"name": "digits", "description": "A classifier of scanned digits", "workspace_id": "0"},
    "job_config": {
        "code_dir": "obs://bucket/digits/code/",
        "boot_file": "obs://bucket/digits/code/train.py",
        "engine": {"engine_id": "scikit-learn_1.9.1-py_3.11-cpu"},
        "parameters": [
            {
                "name": "max_iterations",
                "value": "200",
                "description": "Passes over the data",
                "constraint": {
                    "type": "Integer",
                    "editable": True,
                    "required": True,
                    "valid_type": "Range",
                    "valid_range": ["1", "1000"],
                },
            }
        ],
        "inputs": [{"name": "data_url", "remote_constraints": [{"data_type": "obs"}]}],
        "outputs": [{"name": "train_url"}],
        "parameters_customization": True,
    },
    "resource_requirements": [{"key": "flavor_type", "values": ["CPU"], "operator": "in"}],
}

REQUEST_EXAMPLES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "batch_lock_pool_nodes": {"nodeNames": ["node-7"]},
        "batch_unlock_pool_nodes": {"nodeNames": ["node-7"]},
        "models_change": {"description": "Reads scanned digits; trained on the set of spring 2026"},
        "users_create": {"name": "ann", "roles": ["developer"], "password": "correct horse battery"},
        "users_change": {"enabled": False},
        "password_change": {"old_password": "correct horse battery", "new_password": "staple of another"},
        "roles_save": {
            "description": "Stops jobs at night",
            "actions": ["modelarts:*:list", "modelarts:*:stop"],
        },
        "projects_create": {"name": "vision", "administrator": "ann"},
        "access_keys_issue": {"description": "pipeline of the vision team"},
        "access_keys_change": {"enabled": False},
        "access_keys_rotate": {"grace_hours": 24},
        "session_open": {"name": "ann", "password": "correct horse battery"},
        "session_change": {"project_id": "9a0f6c1e2b7d4f58a3c2e1d0b9f8a7c6"},
        "tokens_issue": {"description": "laptop", "expires_at_ms": 1_900_000_000_000},
        "tokens_change": {"description": "old laptop"},
        "tokens_rotate": {"grace_hours": 0},
        "create_token": {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": "ann",
                            "password": "correct horse battery",
                            "domain": {"name": "default"},
                        }
                    },
                }
            }
        },
        "create_training_job": {
            "kind": "job",
            "metadata": {"name": "digits-1", "description": "First try", "workspace_id": "0"},
            "algorithm": {
                "code_dir": "obs://bucket/digits/code/",
                "boot_file": "obs://bucket/digits/code/train.py",
                "engine": {"engine_id": "scikit-learn_1.9.1-py_3.11-cpu"},
                "parameters": [{"name": "max_iterations", "value": "200"}],
                "inputs": [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://bucket/digits/data/"}}}],
                "outputs": [
                    {"name": "train_url", "remote": {"obs": {"obs_url": "obs://bucket/digits/out/"}}}
                ],
                "environments": {"OMP_NUM_THREADS": "1"},
            },
            "spec": {
                "resource": {"flavor_id": "local.cpu.1u", "node_count": 1},
                "auto_stop": {"time_unit": "HOURS", "duration": 2},
            },
        },
        "preview_training_job": {
            "kind": "hetero_job",
            "metadata": {"name": "actors-1"},
            "tasks": [
                {
                    "role": "learner",
                    "command": "python /code/learn.py",
                    "parameters": [{"name": "rate", "value": "0.1"}],
                    "task_resource": {"flavor_id": "local.cpu.1u", "node_count": 1},
                    "isMainRole": True,
                },
                {
                    "role": "actor",
                    "command": "python /code/act.py",
                    "task_resource": {"flavor_id": "local.cpu.1u", "node_count": 2},
                    "minSucceededTaskCount": 1,
                    "minFailedTaskCount": 2,
                },
            ],
            "spec": {
                "folders": {
                    "dataset": {"obs_url": "obs://bucket/digits/data/"},
                    "output_model": {"name": "digits"},
                    "user_home": True,
                }
            },
        },
        "list_training_jobs": {
            "offset": 0,
            "limit": 10,
            "sort_by": "create_time",
            "order": "desc",
            "filters": [{"key": "phase", "operator": "in", "value": ["Running"]}],
        },
        "change_training_job_description": {"description": "The one that worked"},
        "stop_training_job": {"action_type": "terminate"},
        "batch_delete_training_job": {"jobs": [{"kind": "job", "metadata": {"id": _JOB}}]},
        "notify_training_job_information": {"type": "CheckpointSaved"},
        "create_save_image_job": {"name": "digits", "namespace": "vision", "tag": "v1"},
        "create_train_job_tags": _TAGS,
        "delete_train_job_tags": {"tags": [{"key": "team"}]},
        "list_training_jobs_by_tags": {"tags": [{"key": "team", "values": ["vision"]}]},
        "count_training_jobs_by_tags": {"tags": [{"key": "team", "values": ["vision"]}]},
        "create_training_experiment": {"metadata": {"name": "digits", "description": "All tries"}},
        "change_training_experiment": {"name": "digits", "description": "All tries so far"},
        "create_algorithm": _ALGORITHM,
        "change_algorithm": _ALGORITHM,
        "algorithms_save_job": {"metadata": {"name": "digits", "description": "As it ran on Monday"}},
        "create_algorithm_version_to_gallery": {
            "content_info": {"version_num": "1.0.0", "desc": "A classifier of scanned digits"},
            "algorithm": {"id": _JOB},
        },
        "gallery_change": {"description": "A classifier of scanned digits", "visibility": "project"},
        "subscriptions_create": {"item_id": _JOB},
        "subscriptions_choose": {"version_id": _JOB},
        "create_workspace": {
            "name": "vision",
            "description": "The vision team",
            "auth_type": "INTERNAL",
            "grants": [{"user_id": _USER, "user_type": "IAM"}],
        },
        "update_workspace": {"name": "vision", "description": "Everyone", "auth_type": "PUBLIC"},
        "update_workspace_quotas": {"quotas": [{"resource": "train_job.count", "quota": 20}]},
        "modify_training_quotas": {"user_id": _USER, "quotas": [{"resource": "job-num", "quota": 10}]},
        "create_authorization": {"user_id": _USER, "type": "agency", "content": "ma_agency_vision"},
        "create_model_arts_agency": {"agency_name_suffix": "vision"},
        "update_auth_mode": {"mode": "strict"},
        "datasets_create": {
            "dataset_name": "digits",
            "data_source": {"data_path": "obs://bucket/digits/data/"},
            "description": "Scanned digits",
            "workspace_id": "0",
        },
        "datasets_change": {"description": "Scanned digits, cleaned"},
        "dataset_versions_create": {"version_name": "V001", "description": "As scanned"},
        "validate_authorization": {"requests": [{"action": "modelarts:trainJob:create"}]},
        "create_pool": {
            "apiVersion": "v2",
            "kind": "Pool",
            "metadata": {"labels": {"os.modelarts/name": "vision", "os.modelarts/workspace.id": "0"}},
            "spec": {
                "type": "Dedicate",
                "scope": ["Train"],
                "resources": [{"flavor": "local.cpu.1u", "count": 1}],
            },
        },
        "patch_pool": {"spec": {"resources": [{"flavor": "local.cpu.1u", "count": 2}]}},
        "uploads_begin": {"key": "digits/data/a.npz", "size": 10485760, "part_size": 5242880},
        "objects_delete_many": {"keys": ["digits/notes.txt"], "prefixes": ["digits/old/"]},
        "objects_copy": {"source": "digits/code/", "target": "digits/code-v2/", "move": False},
        "publish_ft_artifacts": {
            "workspace_id": "0",
            "publish_artifacts": [
                {"artifact_id": "epoch-3", "asset_name": "digits", "visibility": "current"}
            ],
        },
    }
)
