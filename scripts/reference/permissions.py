"""docs/reference/permissions.md: every action, the built-in roles that have it, the operations that need it."""

from collections import defaultdict

from scripts.reference.markdown import code, page, table
from trainwright.domain.access import BUILT_IN, PLATFORM_ONLY, Action, allowed_by
from trainwright.server.app import bare_app
from trainwright.server.openapi import action_of, routes_of

INTRODUCTION = """
Every operation needs exactly one action; whoever has a role with that action may do it, everyone else gets 403. A role
is a list of patterns of actions (`modelarts:trainJob:*`). Three roles are built in; an administrator composes more. A
member's role in a workspace, where one was given, counts there instead of their roles in the project.
"""


def permissions_page() -> str:
    """One row per action, in the order of their definition."""
    needed: dict[Action, list[str]] = defaultdict(list)
    for route in routes_of(bare_app().router):
        action = action_of(route)
        if action is not None:
            needed[action].append(route.operation_id or route.path)
    roles = {name: allowed_by(patterns) for name, patterns in BUILT_IN.items()}
    heads = ("Action", *roles, "Needed by")
    rows = [
        (
            code(action.value),
            *("yes" if action in actions else "" for actions in roles.values()),
            ", ".join(code(name) for name in needed[action])
            or ("the server's admin only" if action in PLATFORM_ONLY else "checked inside other operations"),
        )
        for action in Action
    ]
    return page("Permissions", INTRODUCTION, table(heads, rows))
