"""From a creation body to its launch, role by role: an ordinary job is one role. Shared by creation and its preview."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from trainwright.catalog.flavors import Flavor
from trainwright.catalog.from_algorithm import check_fit
from trainwright.catalog.places import Places, find_places
from trainwright.catalog.resolve import JobIdentity, PlacedPart, find_flavor, find_image, resolve
from trainwright.catalog.roles import Part, expand
from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, InvalidParam, TrainwrightError
from trainwright.domain.specs import LaunchSpec
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.create_checks import check_algorithm
from trainwright.services.folders import check_names
from trainwright.services.images import check_image
from trainwright.services.offered_checks import ROLES_KIND, check_code_offered, check_job_offered
from trainwright.services.ownership import owned_objects
from trainwright.services.reading import scope_of
from trainwright.services.references import Named, find_all, names_something
from trainwright.services.spec_checks import check_job, check_roles, check_shared
from trainwright.services.store_checks import check_folders, check_places, check_size
from trainwright.wire.jobs import AlgorithmRequest, JobRequest, RoleJobRequest
from trainwright.wire.parsing import parse

HIGH_PRIORITY: Final = 3
_ALGORITHM_MISSING = Text("it is required", "缺少该字段")
_NO_ROLES_HERE = Text("only jobs of kind {kind} have it", "仅 {kind} 类型的作业支持该字段")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job that can be stored, and what its ids stood for."""

    launch: LaunchSpec
    named: tuple[Named, ...]

    @property
    def request(self) -> JobRequest:
        """Of the first part: what belongs to the whole job is in each."""
        return self.named[0].request


def parse_job(raw: Mapping[str, Any]) -> tuple[Part, ...]:
    """The creation body `raw`, its form checked all but the algorithm's, as parts: one for each role.

    Raises:
        InvalidParam, ParamOutOfRange, InvalidObsPath: its form is wrong, or it lacks what it must have.
    """
    if raw.get("kind") == ROLES_KIND:
        roles = parse(RoleJobRequest, raw)
        check_roles(roles.tasks)
        check_shared(roles)
        return expand(roles)
    request = parse(JobRequest, raw)
    if request.algorithm is None:
        raise InvalidParam(field="algorithm", detail=_ALGORITHM_MISSING)
    if request.tasks:
        raise InvalidParam(field="tasks", detail=_NO_ROLES_HERE, kind=ROLES_KIND)
    check_job(request)
    return (Part(request),)


def check_priority_allowed(who: Principal, priority: int | None) -> None:
    """The highest priority needs an action of its own. Raises `ActionDenied`."""
    if priority == HIGH_PRIORITY and not who.may(Action.JOB_SET_HIGH_PRIORITY):
        raise ActionDenied(action=Action.JOB_SET_HIGH_PRIORITY.value)


async def prepare(ctx: Services, who: Principal, raw: Mapping[str, Any], job_id: str) -> Prepared:
    """Everything that can be said of a job before it is stored.

    Raises:
        TrainwrightError: something in the request does not fit (see `spec_checks`, `create_checks`, `store_checks`,
            `catalog.resolve`), or is not for the caller.
        NotOffered: it is right, but this server cannot do it.
        StorageUnavailable: the object store could not be asked.
    """
    parts = parse_job(raw)
    policy = parts[0].request.spec.schedule_policy
    check_priority_allowed(who, policy.priority if policy else None)
    named = await _look_up(ctx, who, parts, job_id)
    places = []
    for one in named:
        with _blamed(one.part):
            places.append(_checked_places(one))
    check_job_offered(raw)
    return Prepared(await _launch(ctx, who, named, places, job_id), named)


@contextmanager
def _blamed(part: Part) -> Iterator[None]:
    try:
        yield
    except TrainwrightError as exc:
        raise part.blame(exc) from exc


async def _look_up(ctx: Services, who: Principal, parts: Sequence[Part], job_id: str) -> tuple[Named, ...]:
    """Without a question to the database when the request names nothing that lies there."""
    if not any(names_something(part) for part in parts):
        return tuple(Named(part, part) for part in parts)
    return await ctx.blocking(_read_named, ctx, who, parts, job_id)


def _read_named(ctx: Services, who: Principal, parts: Sequence[Part], job_id: str) -> tuple[Named, ...]:
    with ctx.units(scope_of(who), write=False) as uow:
        return find_all(ctx, uow, who, parts, job_id)


def _checked_places(named: Named) -> Places:
    algorithm = named.request.algorithm or AlgorithmRequest()
    check_algorithm(algorithm)
    check_names(algorithm, named.folders)
    check_code_offered(algorithm.code_dir)
    return find_places(named.request, named.found)


async def _launch(
    ctx: Services, who: Principal, named: Sequence[Named], places: Sequence[Places], job_id: str
) -> LaunchSpec:
    objects = owned_objects(ctx, who)
    folders = named[0].folders
    if folders is not None:
        folders = await check_folders(objects, folders)
    placed: list[PlacedPart] = []
    flavors: list[Flavor] = []
    for one, wanted in zip(named, places, strict=True):
        with _blamed(one.part):
            flavor = find_flavor(one.request.spec.resource, ctx.catalogue, one.pool)
            source = one.source
            if source is not None:
                check_fit(source.name, source.document, flavor, one.request.spec.resource.node_count)
            # The code of a subscription lies with the platform, where the caller sees nothing.
            code_objects = ctx.objects if source is not None and source.code_uri else None
            found = await check_places(objects, wanted, code_objects=code_objects)
            image = find_image(one.request.algorithm or AlgorithmRequest(), ctx.catalogue)
            if image is not None:
                await check_image(ctx, objects, image)
        flavors.append(flavor)
        placed.append(PlacedPart(one.part, found, one.pool, folders))
    launch = resolve(placed, ctx.catalogue, JobIdentity(job_id=job_id, project_id=who.project_id))
    fixed = [folder.place for folder in folders.inputs] if folders else []
    for part, flavor in zip(placed, flavors, strict=True):
        await check_size(objects, [*part.places.inputs, *fixed], flavor)
    return launch.model_copy(update={"upload_period_s": ctx.upload_period_s})
