"""docs/reference/events.md: every sentence of a job's history."""

from scripts.reference.markdown import both, code, page, table
from trainwright.domain.entities import Level, Source
from trainwright.domain.texts import EVENT_TEXTS

INTRODUCTION = """
`GET /v2/{project}/training-jobs/{job}/events` and the live stream give a job's history in the language asked for. The
`code` is stable; slots in braces are filled. Events of a task begin with its tag: `[worker-0] …`. A `reason` slot is
shown in the words of [Phases and reasons](phases.md).
"""


def events_page() -> str:
    """One table per source, in the order a job meets them."""
    parts = [INTRODUCTION]
    for source in (Source.JOB, Source.TASK, Source.BACKEND):
        rows = [
            (code(name), known.level, both(known.text.en, known.text.zh))
            for name, known in EVENT_TEXTS.items()
            if known.source == source
        ]
        if rows:
            parts += [f"## {source}", table(("Code", "Level", "Text"), rows)]
    levels = ", ".join(code(level) for level in (Level.INFO, Level.WARNING, Level.ERROR))
    return page("Events", *parts, f"Levels are {levels}, as in the ModelArts contract.")
