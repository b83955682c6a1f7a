"""Nobody gives what they do not have: what one user may do to another, to a role and to their credentials. Blocking."""

from collections.abc import Collection, Iterable

from trainwright.domain.access import Action, allowed_by
from trainwright.domain.errors import ActionDenied, RoleNotFound
from trainwright.ports.identity import Principal, User
from trainwright.ports.uow import UnitOfWork
from trainwright.services.reading import role_patterns


def check_covers(who: Principal, actions: Collection[Action]) -> None:
    """`who` may do all of `actions`.

    Raises:
        ActionDenied: the first they may not.
    """
    for action in sorted(actions):
        if not who.may(action):
            raise ActionDenied(action=action.value)


def check_may_rule(uow: UnitOfWork, who: Principal, user: User) -> None:
    """`who` may do all that `user` may: else a new password or token for `user` would raise them above themselves.

    As a user who may do anything they would also see that user's own workspaces, so they must be allowed to see all.

    Raises:
        ActionDenied: not so.
    """
    if user.id == who.user_id:
        return
    if user.is_admin and not who.is_admin:
        raise ActionDenied(action=Action.PROJECT_CREATE.value)
    patterns = [pattern for name in user.roles for pattern in role_patterns(uow, name)]
    actions = allowed_by(patterns)
    check_covers(who, {*actions, Action.WORKSPACE_SEE_ALL} if actions else ())


def check_may_give(uow: UnitOfWork, who: Principal, roles: Iterable[str]) -> None:
    """The roles exist, and `who` may do all they allow.

    Raises:
        RoleNotFound, ActionDenied: not so.
    """
    for name in roles:
        patterns = role_patterns(uow, name)
        if not patterns:
            raise RoleNotFound(name=name)
        check_covers(who, allowed_by(patterns))
