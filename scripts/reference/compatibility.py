"""docs/reference/modelarts-compatibility.md: what each test of the official client claims, field by field."""

from collections.abc import Iterable, Iterator, Mapping

from scripts.reference.markdown import code, page, table
from tests.e2e.modelarts.claims import Claim, Standing, collect, standing
from tests.e2e.modelarts.official import GROUPS, SHARED_ANSWERS, canonical, leaves, operation, shared_answer

INTRODUCTION = """
Every operation of the official Python client (`huaweicloudsdkmodelarts` 3.1.219) that is about training, and every
field of its requests and answers. Each line is the claim of a test that drives a real server through that client,
unmodified (`tests/e2e/modelarts`); a claim that its test does not bear out fails the test.
"""
WORDS = (
    (
        "works",
        "it does what the reference says",
        "it is acted on, or only describes and is shown again",
        "it is filled",
    ),
    ("kept", "", "it is accepted and changes nothing; of a job it is shown again, and an event names it", ""),
    (
        "unavailable",
        "it is validated, then refused with the code beside it",
        "a request that uses it is refused with `Trainwright.0004`, which names it",
        "it is never filled",
    ),
)
LIMITS = """
A field that works may be refused for some of its values (`kind: hetero_job`); the error names the field. Fields that
the client does not know are stored and shown again.
"""


def compatibility_page() -> str:
    """One section per group of operations; objects that several operations answer with come at the end."""
    claims = collect()
    words = table(("Word", "Of an operation", "Of a request's field", "Of an answer's field"), WORDS)
    parts = [INTRODUCTION, words, LIMITS, _totals(claims)]
    for group, names in GROUPS.items():
        parts += [f"## {group}", _operations(names, claims)]
        for name in names:
            parts += _fields(name, claims)
    parts.append("## Objects in answers")
    parts += [part for title in SHARED_ANSWERS for part in _shared(title, claims)]
    return page("Compatibility with ModelArts", *parts)


def _totals(claims: Mapping[str, tuple[Claim, ...]]) -> str:
    all_standing = [stands for stands in (standing(name, claims) for name in _names()) if stands]
    refused = sum(bool(stands.refused_with) for stands in all_standing)
    fields = [word for stands in all_standing if not stands.refused_with for _, word in _words(stands)]
    counts = ", ".join(f"{fields.count(word)} {word}" for word in ("works", "kept", "unavailable"))
    return (
        f"{len(all_standing)} operations: {len(all_standing) - refused} work, {refused} are unavailable. "
        f"Request fields of those that work: {counts}."
    )


def _names() -> Iterator[str]:
    for names in GROUPS.values():
        yield from names


def _operations(names: Iterable[str], claims: Mapping[str, tuple[Claim, ...]]) -> str:
    rows = []
    for name in names:
        op, stands = operation(name), standing(name, claims)
        rows.append((code(name), code(f"{op.verb} {op.path}"), _of_operation(stands)))
    return table(("Operation", "Request", "Here"), rows)


def _of_operation(stands: Standing | None) -> str:
    if stands is None:
        return "not proved"
    return f"unavailable: {code(stands.refused_with)}" if stands.refused_with else "works"


def _fields(name: str, claims: Mapping[str, tuple[Claim, ...]]) -> Iterator[str]:
    stands = standing(name, claims)
    if stands is None or stands.refused_with:
        return
    title, _ = shared_answer(name)
    filled = _filled(claims)
    own = [leaf for leaf in stands.operation.answers if canonical(name, leaf)[0] == name]
    rows = [(code(field), "request", word) for field, word in _words(stands)]
    rows += [(code(leaf), "answer", _word(filled, name, leaf)) for leaf in own]
    if rows:
        yield f"### {name}"
        if title:
            yield f"Answers with the object [{title}](#{title.replace(' ', '-')})."
        yield table(("Field", "In", "Here"), rows)


def _words(stands: Standing) -> Iterator[tuple[str, str]]:
    for field in stands.operation.fields:
        yield field, stands.of_field(field)


def _shared(title: str, claims: Mapping[str, tuple[Claim, ...]]) -> Iterator[str]:
    name = next(iter(SHARED_ANSWERS[title]))
    filled = _filled(claims)
    yield f"### {title}"
    yield "Of " + ", ".join(code(other) for other in SHARED_ANSWERS[title]) + "."
    yield table(
        ("Field", "Here"),
        [(code(leaf), _word(filled, name, leaf)) for leaf in leaves(operation(name).response)],
    )


def _filled(claims: Mapping[str, tuple[Claim, ...]]) -> frozenset[tuple[str, str]]:
    return frozenset(
        canonical(claim.operation, leaf)
        for each in claims.values()
        for claim in each
        for leaf in claim.answers
    )


def _word(filled: frozenset[tuple[str, str]], name: str, leaf: str) -> str:
    return "works" if canonical(name, leaf) in filled else "unavailable"
