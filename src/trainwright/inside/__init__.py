"""For training scripts: tell the platform about losses and checkpoints, and ask it what a script needs to know.

    from trainwright import inside

    start = inside.resume_path()  # a checkpoint to go on from, or None
    for step in range(1000):
        ...
        inside.report(step=step, loss=loss, accuracy=accuracy)
        if step % 100 == 0 or inside.should_stop():
            torch.save(state, path)
            inside.checkpoint(path, step=step)
        if inside.should_stop():
            break

Every job finds this package, whatever its engine. Off the platform all of it does nothing, costs nothing, and writes
nothing: the same script runs anywhere. It is safe in threads, in forked processes, and in many processes at once, and
no fault of the platform (a full disk) ever raises into a training.
"""

from .place import attempt, is_on_platform, local_rank, node_rank, nodes, rank, start, task, world_size
from .progress import checkpoint, report, resume_path
from .stopping import should_stop

__all__ = [
    "attempt",
    "checkpoint",
    "is_on_platform",
    "local_rank",
    "node_rank",
    "nodes",
    "rank",
    "report",
    "resume_path",
    "should_stop",
    "start",
    "task",
    "world_size",
]
