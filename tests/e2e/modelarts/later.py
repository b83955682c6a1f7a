"""What creation requests may ask for that this server keeps or refuses, with every field the client knows."""

from typing import Any

from tests.e2e.modelarts.shapes import AUTO_SEARCH, PARAMETERS, TUNING

KEPT: dict[str, Any] = {
    "algorithm": {
        "engine": {"install_sys_packages": True, "image_repo_id": "repo-1"},
    },
    "spec": {
        "log_export_config": {"version": "v1", "rotation_enabled": True},
        "notification": {
            "topic_urn": "urn:smn:region:project:topic",
            "events": [
                "JobStarted",
                "JobCompleted",
                "JobFailed",
                "JobTerminated",
                "JobRestarted",
                "JobHanged",
            ],
        },
        "custom_metrics": [
            {"exec": {"command": ["cat", "/tmp/metrics"]}},
            {"http_get": {"path": "/metrics", "port": 9100}},
        ],
        "schedule_policy": {
            "preferred_affinity": {
                "node_affinity": [
                    {
                        "weight": 50,
                        "preference": {
                            "matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}],
                            "matchFields": [{"key": "name", "operator": "In", "values": ["n"]}],
                        },
                    }
                ]
            },
        },
        "asset_model": {
            "name": "asset",
            "code": "ASSET",
            "version": "1.0",
            "desc": "what it is",
            "series": "series",
            "type": "cv",
            "model_desc": "longer",
            "parent_asset_id": "parent",
        },
    },
}


TERM = {
    "matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}],
    "matchFields": [{"key": "name", "operator": "In", "values": ["node-1"]}],
}
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "search": (
        ("algorithm.policies.auto_search.*",),
        {"algorithm": {"parameters": PARAMETERS, "policies": {"auto_search": AUTO_SEARCH}}},
    ),
    "search by YAML": (
        ("algorithm.autosearch_config_path", "algorithm.autosearch_framework_path"),
        {
            "kind": "autosearch_job",
            "algorithm": {
                "autosearch_config_path": "obs://proof/search/conf.yaml",
                "autosearch_framework_path": "obs://proof/search/framework/",
            },
        },
    ),
    "fine-tuning": (
        ("train_type", "ftjob_config.*", "spec.asset_id"),
        {"train_type": "SFT", "ftjob_config": TUNING, "spec": {"asset_id": "base-model"}},
    ),
    "ssh": (("endpoints.ssh.key_pair_names",), {"endpoints": {"ssh": {"key_pair_names": ["KeyPair-1"]}}}),
    "jupyter": (("metadata.annotations",), {"metadata": {"annotations": {"jupyter-lab/enable": "true"}}}),
    "tensorboard": (
        ("metadata.annotations", "algorithm.summary.*"),
        {
            "metadata": {"annotations": {"tensorboard/enable": "true"}},
            "algorithm": {
                "summary": {
                    "log_type": "tensorboard",
                    "log_dir": {"pfs": {"pfs_path": "obs://proof/summary/"}},
                    "data_sources": [{"job": {"job_id": "j-1"}, "nfs": {"nfs_path": "/summary"}}],
                }
            },
        },
    ),
    "required affinity": (
        ("spec.schedule_policy.required_affinity.*",),
        {
            "spec": {
                "schedule_policy": {
                    "required_affinity": {
                        "affinity_type": "cabinet",
                        "job_level": "cluster",
                        "affinity_group_size": 2,
                        "affinity_group_level": "slice",
                        "node_affinity": {"nodeSelectorTerms": [TERM]},
                    }
                }
            }
        },
    ),
    "pool group": (
        ("spec.resource.pool_group_id",),
        {"kind": "federated_pool_job", "spec": {"resource": {"pool_group_id": "group-1"}}},
    ),
    "own flavor": (
        ("spec.resource.main_container_customized_flavor.*",),
        {
            "spec": {
                "resource": {
                    "main_container_customized_flavor": {
                        "cpu_core_num": 1.5,
                        "mem_size": 2.0,
                        "accelerator_num": 1.0,
                    }
                }
            }
        },
    ),
    "volumes": (
        ("spec.volumes.*",),
        {
            "spec": {
                "volumes": [
                    {
                        "nfs": {
                            "nfs_server_path": "1.2.3.4:/share",
                            "local_path": "/mnt/nfs",
                            "read_only": True,
                        }
                    },
                    {"pfs": {"pfs_path": "obs://pfs/dir/", "local_path": "/mnt/pfs"}},
                    {"obs": {"obs_path": "obs://proof/dir/", "local_path": "/mnt/obs"}},
                ]
            }
        },
    ),
    "logs on the node": (
        ("spec.log_export_path.host_path",),
        {"spec": {"log_export_path": {"host_path": "/var/log/jobs"}}},
    ),
    "output model": (
        ("spec.output_model.*",),
        {
            "spec": {
                "output_model": {
                    "obs": {"obs_path": "obs://proof/model/", "local_path": "/home/ma-user/model"}
                }
            }
        },
    ),
}


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it, objects within objects."""
    result = dict(base)
    for key, value in change.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
