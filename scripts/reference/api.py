"""docs/reference/openapi.json and api.md: every route of the server."""

import json
from collections import defaultdict
from typing import Any

from scripts.reference.markdown import code, page, table
from trainwright.server.app import bare_app
from trainwright.server.openapi import describe

INTRODUCTION = """
Paths, bodies and errors are those of the ModelArts v2 contract; what it lacks stands beside it in the same style. Every
route but `/health` and links with a signature wants `X-Auth-Token: <token>` or `Authorization: Bearer <token>`. Errors
have [one shape](errors.md). Bodies and answers in full: [openapi.json](openapi.json).
"""


def openapi_json() -> str:
    """The server's own description, stable for the same code."""
    return json.dumps(describe(bare_app()), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def api_page() -> str:
    """One table per tag (or first part of the path)."""
    described: dict[str, Any] = describe(bare_app())
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            title = operation.get("tags", ["other"])[0]
            summary = (operation.get("description") or operation.get("summary", "")).split("\n\n")[0]
            groups[title].append((code(f"{method.upper()} {path}"), summary))
    parts = [INTRODUCTION]
    for title, rows in groups.items():
        parts += [f"## {title}", table(("Route", "What it does"), rows)]
    return page("REST API", *parts)
