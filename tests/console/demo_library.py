"""What the demo's jobs are made of: code and data in buckets, datasets, algorithms, the gallery."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.console.demo_people import VISION, Demo

FILES = Path(__file__).with_name("demo_files")
CODE, DATA, OUTPUT = "obs://lab-code", "obs://lab-data", "obs://lab-output"
FOLDERS = {
    "digits": f"{CODE}/手写数字识别/",
    "live": f"{CODE}/llama-tiny/pretrain/",
    "ddp": f"{CODE}/resnet50-ddp/",
    "crash": f"{CODE}/猫狗分类/",
    "resume": f"{CODE}/语音唤醒/",
    "actors": f"{CODE}/rl-actors/",
}
DIGITS = f"{DATA}/手写数字/"
GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
READY_WITHIN_S = 60.0
CHANGED = "猫狗-小样"  # somebody overwrites an object of it after its version was made


def make_buckets(demo: Demo) -> None:
    """Code folders and data, in Chinese and in English."""
    storage = demo.people["engineer"].storage
    for root in (CODE, DATA, OUTPUT):
        storage.ensure_bucket(root.removeprefix("obs://"))
    for name, folder in FOLDERS.items():
        storage.upload(FILES / name, folder)
    write(demo, f"{DIGITS}train.csv", digits(800, seed=1))
    write(demo, f"{DIGITS}test.csv", digits(200, seed=2))
    write(
        demo,
        f"{DIGITS}标注说明.txt",
        "每行：数字，然后 64 个点的灰度（0–16）。\nA digit, then 64 points of grey.\n",
    )
    write(demo, f"{DATA}/cats-and-dogs/labels.csv", "file,label\n0001.jpg,cat\n0002.jpg,dog\n")
    reviews = "text,label\n屏幕很清晰，物流也快,1\nstopped working after a week,0\n客服一直不回复,0\n"
    write(demo, f"{DATA}/reviews/2026-10.csv", reviews)
    write(demo, f"{DATA}/reviews/README.md", "# Reviews\n\nOctober 2026, bilingual, labelled by hand.\n")


def write(demo: Demo, uri: str, text: str) -> None:
    """One object."""
    bucket, _, key = uri.removeprefix("obs://").partition("/")
    demo.people["engineer"].client.write_object(bucket, key, text.encode())


def digits(count: int, *, seed: int) -> str:
    """Noisy, shifted glyphs as a table: the digit, then 8 x 8 points from 0 to 16."""
    chance = random.Random(seed)
    lines = ["digit," + ",".join(f"p{number}" for number in range(64))]
    for number in range(count):
        digit = number % 10
        lines.append(f"{digit}," + ",".join(str(value) for value in _scan(digit, chance)))
    return "\n".join(lines) + "\n"


def _scan(digit: int, chance: random.Random) -> Iterator[int]:
    right, down = chance.randrange(4), chance.randrange(2)
    ink = {
        (y + down, x + right)
        for y, row in enumerate(GLYPHS[digit].split())
        for x, dot in enumerate(row)
        if dot == "1" and chance.random() > 0.12
    }
    for y in range(8):
        for x in range(8):
            if (y, x) in ink:
                yield chance.randrange(9, 17)
            else:
                yield chance.randrange(1, 12) if chance.random() < 0.07 else 0


def make_datasets(demo: Demo) -> None:
    """Datasets with versions, ready to be used; the data of `CHANGED` are not any more what its version says."""
    client = demo.people["engineer"].client
    demo.datasets = {item.dataset_name: item.dataset_id for item in client.iter_datasets()}
    wanted = (
        ("手写数字-8x8", DIGITS, 0, ("初始版本", "补充测试集")),
        ("reviews-bilingual", f"{DATA}/reviews/", 100, ("labelled by hand",)),
        (CHANGED, f"{DATA}/cats-and-dogs/", 0, ("200 张里挑的",)),
    )
    for name, folder, kind, versions in wanted:
        if name not in demo.datasets:
            body = {"dataset_name": name, "dataset_type": kind, "data_source": {"data_path": folder}}
            made = client.create_dataset({**body, "workspace_id": "0", "description": f"来自 {folder}"})
            demo.datasets[name] = made.dataset_id
            for description in versions:
                version = client.create_dataset_version(made.dataset_id, {"description": description})
                await_version(demo, made.dataset_id, version.version_id)
    write(demo, f"{DATA}/cats-and-dogs/labels.csv", "file,label\n0001.jpg,cat\n0002.jpg,兔子\n")


def await_version(demo: Demo, dataset: str, version: str) -> None:
    """Return once it is ready. Raises `TimeoutError` when that takes long."""
    give_up = time.monotonic() + READY_WITHIN_S
    while demo.admin.client.show_dataset_version(dataset, version).state != "ready":
        if time.monotonic() > give_up:
            raise TimeoutError(f"version {version} of dataset {dataset} is not ready")
        time.sleep(0.1)


def algorithms(demo: Demo) -> dict[str, dict[str, Any]]:
    """Bodies of the algorithms, by name."""
    engine = {"engine_id": demo.engine()}
    return {
        "digits-softmax": {
            "metadata": {
                "name": "digits-softmax",
                "description": "手写数字 softmax 分类，超参有约束",
                "workspace_id": demo.workspaces[VISION],
            },
            "job_config": {
                "code_dir": FOLDERS["digits"],
                "boot_file": FOLDERS["digits"] + "train.py",
                "engine": engine,
                "parameters": [
                    _parameter("learning_rate", "0.1", "Float", "学习率", valid="Range", among=["0", "10"]),
                    _parameter("epochs", "12", "Integer", "训练轮数", valid="Range", among=["1", "500"]),
                    _parameter(
                        "scheduler", "cosine", "String", "学习率策略", valid="Choice", among=["constant", "cosine"]
                    ),
                    _parameter("seed", "0", "Integer", "随机种子"),
                ],
                "parameters_customization": True,
                "inputs": [{"name": "data_url", "description": "train.csv 与 test.csv 所在目录"}],
                "outputs": [{"name": "train_url", "description": "模型与图表"}],
            },
            "resource_requirements": [{"key": "flavor_type", "values": ["CPU"], "operator": "in"}],
        },
        "resnet50-ddp": {
            "metadata": {"name": "resnet50-ddp", "description": "Data-parallel ResNet-50, several nodes"},
            "job_config": {
                "code_dir": FOLDERS["ddp"],
                "boot_file": FOLDERS["ddp"] + "train.py",
                "engine": engine,
                "parameters": [_parameter("epochs", "8", "Integer", "epochs over all shards")],
            },
            "resource_requirements": [
                {"key": "host_distributed_mode", "values": ["multiple", "singular"], "operator": "in"}
            ],
        },
        "llama-tiny-pretrain": {
            "metadata": {"name": "llama-tiny-pretrain", "description": "Pre-training of a 43 M model from scratch"},
            "job_config": {
                "code_dir": FOLDERS["live"],
                "boot_file": FOLDERS["live"] + "train.py",
                "engine": engine,
                "parameters": [
                    _parameter("steps", "36000", "Integer", "optimizer steps", required=True),
                    _parameter("learning_rate", "0.0003", "Float", "peak", valid="Range", among=["0", "0.01"]),
                ],
            },
        },
    }  # fmt: skip


def _parameter(
    name: str,
    value: str,
    kind: str,
    description: str,
    *,
    valid: str = "",
    among: list[str] | None = None,
    required: bool = False,
) -> dict[str, Any]:
    constraint: dict[str, Any] = {"type": kind, "editable": True, "required": required}
    if valid:
        constraint |= {"valid_type": valid, "valid_range": among or []}
    return {"name": name, "value": value, "description": description, "constraint": constraint}


def make_algorithms(demo: Demo) -> None:
    """Saved algorithms, with hyperparameters and what they may be."""
    client = demo.people["engineer"].client
    workspaces = ("0", *demo.workspaces.values())
    known = [item.metadata for here in workspaces for item in client.iter_algorithms(workspace_id=here)]
    demo.algorithms = {item.name: item.id for item in known}
    for name, body in algorithms(demo).items():
        if name not in demo.algorithms:
            demo.algorithms[name] = client.create_algorithm(body).metadata.id


def make_gallery(demo: Demo) -> None:
    """Two published algorithms, one in two versions, and the student's subscription to each."""
    client = demo.people["engineer"].client
    if any(item.own for item in client.iter_gallery(own=True)):
        return
    digit = demo.algorithms["digits-softmax"]
    info = {"title": "手写数字识别 · 零依赖", "desc": "8×8 点阵，纯 Python", "visibility": "public"}
    item = client.publish_algorithm(
        {"algorithm": {"id": digit}, "content_info": {**info, "version_num": "1.0.0"}}
    )
    second = {"version_num": "1.1.0", "desc": "余弦学习率 / cosine schedule"}
    client.publish_algorithm(
        {"content_id": item.content_id, "algorithm": {"id": digit}, "content_info": second}
    )
    info = {
        "title": "ResNet-50, data parallel",
        "desc": "Several nodes, one process each",
        "visibility": "project",
    }
    ddp = client.publish_algorithm(
        {
            "algorithm": {"id": demo.algorithms["resnet50-ddp"]},
            "content_info": {**info, "version_num": "2026.11"},
        }
    )
    for published in (item, ddp):
        demo.people["student"].client.subscribe({"item_id": published.content_id})
