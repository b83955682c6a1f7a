"""What MoXing had and this package has not: what to use instead."""

from __future__ import annotations

_INSTEAD = {
    "run": "run the training loop of your framework; `torchrun` and `MultiWorkerMirroredStrategy` find their peers in "
    "the variables that the platform sets",
    "get_hub_dataset": "declare the data as an input of the job",
    "get_flag": "parse the arguments of the script with argparse",
    "summary": "write TensorBoard files with your framework into an output of the job",
    "save": "save the model with your framework into an output of the job",
}
_OTHERWISE = "use your framework's own functions: only `mox.file` is provided"


def error(module: str, name: str) -> AttributeError:
    """That `module` has no `name`, and what takes its place."""
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return AttributeError(
        f"{module}.{name} belongs to MoXing's distributed training on the old TensorFlow stack, which does not exist "
        f"here; {_INSTEAD.get(name, _OTHERWISE)}."
    )
