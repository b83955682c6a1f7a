"""The demo's jobs: one entry each says who made them, what they run and how they are to end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.console.demo_library import CHANGED, DATA, DIGITS
from tests.console.demo_people import LANGUAGE, VISION

RETRY_ALWAYS = {"fault-tolerance/job-unconditional-retry": "true", "fault-tolerance/job-retry-num": "2"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A job to be made. `fills`: it asks for all there is; `ends`: the phase it comes to by itself."""

    name: str
    code: str
    ends: str = "Completed"
    owner: str = "engineer"
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    output: bool = False
    workspace: str = ""
    experiment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    nodes: int = 1
    fills: bool = False
    priority: int | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    algorithm: str = ""
    model: str = ""
    dataset: str = ""
    command: str = ""


def _digits(name: str, rate: float, epochs: int = 12, **more: Any) -> Plan:
    wanted = {"learning_rate": rate, "epochs": epochs, **more.pop("parameters", {})}
    more.setdefault("workspace", VISION)
    return Plan(name, "digits", parameters=wanted, inputs={"data_url": DIGITS}, output=True, **more)


def _crash(name: str, how: str, **more: Any) -> Plan:
    return Plan(
        name, "crash", "Failed", parameters={"how": how, "learning_rate": more.pop("rate", 0.1)}, **more
    )


MEMORY_MAX_MIB = 1024  # of the smallest flavor, for a job that fills it
SWEEP = "学习率对比"
FINISHED: tuple[Plan, ...] = (
    _digits(
        "digits-baseline", 0.1, owner="student", description="先跑通一遍，默认超参", tags={"course": "ml-101"}
    ),
    _digits("digits-lr-0.001".replace(".", "p"), 0.001, experiment=SWEEP, tags={"sweep": "lr"}),
    _digits("digits-lr-0p01", 0.01, experiment=SWEEP, tags={"sweep": "lr"}),
    _digits("digits-lr-0p03", 0.03, experiment=SWEEP, tags={"sweep": "lr"}),
    _digits(
        "digits-lr-0p1", 0.1, experiment=SWEEP, tags={"sweep": "lr", "best": "yes"}, model="digits-softmax"
    ),
    _digits("digits-lr-0p3", 0.3, experiment=SWEEP, tags={"sweep": "lr"}),
    _digits("digits-lr-1p0", 1.0, experiment=SWEEP, tags={"sweep": "lr"}, description="太大，损失来回跳"),
    _digits("digits-lr-3p0", 3.0, experiment=SWEEP, tags={"sweep": "lr"}, description="diverges"),
    _digits(
        "digits-long",
        0.1,
        30,
        owner="student",
        description="晓雯的作业三：多训几轮",
        tags={"course": "ml-101"},
        model="digits-softmax",
    ),
    _digits("digits-wd-1e-4", 0.1, parameters={"weight_decay": 1e-4}, experiment="weight decay"),
    _digits("digits-wd-1e-3", 0.1, parameters={"weight_decay": 1e-3}, experiment="weight decay"),
    _digits(
        "digits-constant",
        0.1,
        parameters={"scheduler": "constant"},
        experiment="scheduler",
        algorithm="digits-softmax",
    ),
    _digits(
        "digits-cosine",
        0.1,
        parameters={"scheduler": "cosine"},
        experiment="scheduler",
        algorithm="digits-softmax",
    ),
    _digits("digits-seed-2", 0.1, parameters={"seed": 2}, owner="student", algorithm="digits-softmax"),
    Plan(
        "resnet50-ddp-2n",
        "ddp",
        nodes=2,
        workspace=VISION,
        description="两机数据并行",
        parameters={"epochs": 8},
        tags={"team": "vision"},
    ),
    Plan(
        "resnet50-ddp-2n-bs256",
        "ddp",
        nodes=2,
        workspace=VISION,
        algorithm="resnet50-ddp",
        parameters={"epochs": 6},
    ),
    Plan(
        "kws-resume",
        "resume",
        output=True,
        owner="student",
        description="断点续训：第一次断网，第二次接着跑",
        annotations=RETRY_ALWAYS,
    ),
    Plan(
        "hello",
        "",
        command="echo 你好，Trainwright; python -V; sleep 0.2; echo done",
        owner="student",
        description="第一个作业",
    ),
    Plan(
        "eval-reviews",
        "",
        command="for batch in 1 2 3; do sleep 0.1; echo 第 $batch 批 accuracy=0.8$batch; done",
        workspace=LANGUAGE,
        inputs={"data_url": f"{DATA}/reviews/"},
    ),
    Plan(
        "llama-tiny-smoke",
        "live",
        parameters={"steps": 400, "history": 399},
        workspace=LANGUAGE,
        description="400 步冒烟测试",
        experiment="llama-tiny",
    ),
    Plan(
        "llama-tiny-lr-1e-3",
        "live",
        parameters={"steps": 900, "history": 899, "learning_rate": 1e-3, "seed": 3},
        workspace=LANGUAGE,
        experiment="llama-tiny",
    ),
    _crash(
        "cats-dogs-v1", "wrong-shape", owner="student", workspace=VISION, description="换了 ResNet 主干之后"
    ),
    _crash("cats-dogs-v2", "missing-module", owner="student", workspace=VISION),
    _crash(
        "cats-dogs-v3", "card-memory", workspace=VISION, description="batch size 512", tags={"team": "vision"}
    ),
    _crash("cats-dogs-v4", "bad-label", owner="student", workspace=VISION, description="数据里混进了兔子"),
    _crash("cats-dogs-v5", "killed", workspace=VISION),
    _crash("cats-dogs-lr-10", "nan", rate=10.0, workspace=VISION, experiment="猫狗分类"),
    _crash(
        "cats-dogs-no-labels",
        "missing-file",
        owner="student",
        inputs={"data_url": f"{DATA}/reviews/"},
        description="数据目录写错了",
    ),
    _crash(
        "cats-dogs-stale-data", "nan", workspace=VISION, dataset=CHANGED, description="数据集在训练前被人改了"
    ),
    Plan("typo", "", "Failed", command="pythn train.py --epochs 3", owner="student"),
    Plan(
        "resnet50-ddp-ib-error",
        "ddp",
        "Failed",
        nodes=2,
        workspace=VISION,
        parameters={"fail_rank": 1, "epochs": 8},
        description="rank 1 的网卡有问题？",
        tags={"team": "vision", "incident": "INC-2041"},
    ),
)

GREEDY = _crash(
    "cats-dogs-cache-all", "memory", owner="student", workspace=VISION, description="把整个数据集读进内存"
)

STOPPED: tuple[Plan, ...] = (
    Plan(
        "llama-tiny-too-slow",
        "live",
        "Terminated",
        workspace=LANGUAGE,
        description="吞吐太低，先停",
        parameters={"history": 300, "seed": 5},
    ),
    Plan("wrong-branch", "", "Terminated", owner="student", command="echo training; sleep 3600"),
)

RUNNING: tuple[Plan, ...] = (
    Plan(
        "llama-tiny-pretrain",
        "live",
        "",
        workspace=LANGUAGE,
        algorithm="llama-tiny-pretrain",
        parameters={"steps": 36_000, "history": 600},
        description="43 M 参数，从头预训练",
        tags={"team": "language"},
        experiment="llama-tiny",
        priority=2,
    ),
    Plan(
        "chat-sft",
        "live",
        "",
        owner="student",
        parameters={"history": 150, "learning_rate": 1e-4, "seed": 11},
        description="毕业设计：对话微调",
        tags={"course": "thesis"},
    ),
)

WAITING: tuple[Plan, ...] = (
    Plan(
        "imagenet-full",
        "ddp",
        "",
        workspace=VISION,
        fills=True,
        description="等整台机器",
        tags={"team": "vision"},
        priority=3,
        owner="admin",
    ),
    Plan(
        "llama-tiny-ablation",
        "live",
        "",
        workspace=LANGUAGE,
        fills=True,
        parameters={"learning_rate": 6e-4},
        experiment="llama-tiny",
    ),
    Plan(
        "homework-4",
        "digits",
        "",
        owner="student",
        fills=True,
        inputs={"data_url": DIGITS},
        output=True,
        description="排队中的作业",
        priority=1,
    ),
)
