"""Where this process stands: in which task, on which node, as which of how many processes, as the environment says."""

from __future__ import annotations

import os

FOLDER = "TRAINWRIGHT_INSIDE"
"""Variable that names the folder through which a job and the platform talk; unset off the platform."""

_TASK = "TRAINWRIGHT_TASK"  # <job id>-a<attempt>/<task>
_NODES = ("MA_NUM_HOSTS", "GROUP_WORLD_SIZE")
_NODE = ("VC_TASK_INDEX", "GROUP_RANK")


def is_on_platform() -> bool:
    """Whether this process runs in a job of the platform's."""
    return bool(os.environ.get(FOLDER))


def rank() -> int:
    """Number of this process among all of the training, from 0.

    As `torchrun`, Ascend's launchers or MPI say; where the script is started once on each node, the node's number.
    """
    return _number("RANK", "RANK_ID", "OMPI_COMM_WORLD_RANK", *_NODE, otherwise=0)


def world_size() -> int:
    """How many processes train together; known as `rank` is, at least 1."""
    return max(1, _number("WORLD_SIZE", "RANK_SIZE", "OMPI_COMM_WORLD_SIZE", *_NODES, otherwise=1))


def local_rank() -> int:
    """Number of this process among those on its node, from 0: usually that of its accelerator."""
    return _number("LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "ASCEND_DEVICE_ID", "DEVICE_ID", otherwise=0)


def node_rank() -> int:
    """Number of this node among those of its role, from 0."""
    return _number(*_NODE, otherwise=0)


def nodes() -> int:
    """How many nodes this task's role has; 1 off the platform."""
    return max(1, _number(*_NODES, otherwise=1))


def task() -> str:
    """Name of this task in its job, such as `worker-0`; empty off the platform."""
    return os.environ.get(_TASK, "").rpartition("/")[2]


def attempt() -> int:
    """Which attempt of the job this is, from 1; 0 off the platform."""
    number = os.environ.get(_TASK, "").partition("/")[0].rpartition("-a")[2]
    return int(number) if number.isdecimal() else 0


def start() -> int:
    """Which start of the processes in this attempt this is, from 1: more than 1 after a restart in place."""
    return max(1, _number("MA_PROC_START_CNT", otherwise=1))


def _number(*names: str, otherwise: int) -> int:
    """The first of these variables that holds a number."""
    for name in names:
        text = os.environ.get(name, "").strip()
        if text.isdecimal():
            return int(text)
    return otherwise
