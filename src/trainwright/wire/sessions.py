"""Sessions of the console: signing in, and what is told of who is signed in."""

from typing import Annotated

from pydantic import Field

from trainwright.wire.identity import Named
from trainwright.wire.model import AnswerModel, RequestModel


class SignIn(RequestModel):
    """Who signs in: by name and password (`account`: the project's name, empty: the first one's), or by a token."""

    account: Annotated[str, Field(max_length=128)] = ""
    name: Annotated[str, Field(max_length=128)] = ""
    password: Annotated[str, Field(max_length=128, repr=False)] = ""
    token: Annotated[str, Field(max_length=1024, repr=False)] = ""


class SessionChange(RequestModel):
    """The project to go on in."""

    project_id: Annotated[str, Field(max_length=128)]


class SessionUser(Named):
    """Who is signed in. `is_admin`: of the whole server; `has_password`: they can change it."""

    is_admin: bool
    roles: list[str]
    has_password: bool


class FirstSignIn(AnswerModel):
    """Where the first administrator's token lies on the server's own machine: a JSON file, field `token`."""

    token_file: str


class SessionItem(AnswerModel):
    """Who is signed in and what they may do; when nobody is, only language, version and perhaps `first_run`.

    `expires_at_ms` and `csrf_token` are the session's: both are missing for those who send credentials in a header.
    """

    signed_in: bool
    user: SessionUser | None = None
    project: Named | None = None
    projects: list[Named] = Field(default_factory=list)
    actions: list[str] = Field(default_factory=list)
    csrf_token: Annotated[str | None, Field(repr=False)] = None
    expires_at_ms: int | None = None
    first_run: FirstSignIn | None = None
    language: str
    version: str
