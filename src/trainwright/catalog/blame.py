"""Which field of a creation body an error is about, where the error's class says it and its slots do not. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from trainwright.domain.errors import (
    AlgorithmNotFound,
    CodeTooDeep,
    CodeTooLarge,
    DuplicateAlgorithmName,
    DuplicateJobName,
    EngineNotFound,
    ExperimentNotFound,
    FlavorNotFound,
    ImageWithoutCommand,
    InvalidBootFile,
    InvalidCodeDir,
    InvalidLocalCodeDir,
    InvalidWorkingDir,
    PoolNotFound,
    SubscriptionNotFound,
    TooManyCodeFiles,
    TooManyNodes,
    TrainwrightError,
    WorkspaceNotFound,
)

FIELDS: Mapping[type[TrainwrightError], str] = MappingProxyType(
    {
        AlgorithmNotFound: "algorithm.id",
        CodeTooDeep: "algorithm.code_dir",
        CodeTooLarge: "algorithm.code_dir",
        DuplicateAlgorithmName: "metadata.name",
        DuplicateJobName: "metadata.name",
        EngineNotFound: "algorithm.engine",
        ExperimentNotFound: "metadata.training_experiment_reference",
        FlavorNotFound: "spec.resource.flavor_id",
        ImageWithoutCommand: "algorithm.command",
        InvalidBootFile: "algorithm.boot_file",
        InvalidCodeDir: "algorithm.code_dir",
        InvalidLocalCodeDir: "algorithm.local_code_dir",
        InvalidWorkingDir: "algorithm.working_dir",
        PoolNotFound: "spec.resource.pool_id",
        SubscriptionNotFound: "algorithm.subscription_id",
        TooManyCodeFiles: "algorithm.code_dir",
        TooManyNodes: "spec.resource.node_count",
        WorkspaceNotFound: "metadata.workspace_id",
    }
)
"""In the body of a training job; the bodies of other things have the same fields elsewhere."""


def field_of(error: TrainwrightError) -> str:
    """The field that `error` names, else the one that errors of its class are about; empty when it is about none."""
    named = error.slots.get("field")
    return named if isinstance(named, str) and named else FIELDS.get(type(error), "")


@contextmanager
def naming_fields(root: str = "algorithm") -> Iterator[None]:
    """Errors that pass through name their field; `root` is where the body has what a job has in `algorithm`."""
    try:
        yield
    except TrainwrightError as exc:
        field = field_of(exc)
        if field == "algorithm" or field.startswith(("algorithm.", "algorithm[")):
            field = root + field.removeprefix("algorithm")
        if field == exc.slots.get("field", ""):
            raise
        raise exc.about(field) from exc
