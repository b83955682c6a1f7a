"""Authorisations and the authorisation mode (contract §2.9, §11.2). Times in ms.

What is kept here is a record only: this platform acts with no cloud account of its users, whatever is authorised.
"""

from typing import Annotated, Literal

from pydantic import Field

from trainwright.wire.model import AnswerModel, RequestModel

UserId = Annotated[str, Field(min_length=3, max_length=32, pattern=r"^[A-Za-z0-9-]+$")]
Mode = Literal["strict", "loose"]
MASK = "******"


class AuthorizationRequest(RequestModel):
    """Body of `POST /v2/{P}/authorizations`: what a user lets the platform act with. Replaces the user's.

    `agency` takes the name of an agency and a `user_id` (`all-users` or `all`: everyone); `credential` an access key
    with its secret, the caller's own unless `user_id` says otherwise. A `federate` user is named by `user_name`.
    """

    user_id: UserId | None = None
    type: Literal["agency", "credential"] | None = None
    content: Annotated[str, Field(min_length=1, max_length=64)]
    secret_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{40}$")] | None = None
    user_name: Annotated[str, Field(max_length=64)] | None = None
    user_type: Annotated[str, Field(max_length=32)] | None = None


class AgencyRequest(RequestModel):
    """Body of `POST /v2/{P}/agency`."""

    agency_name_suffix: Annotated[str, Field(max_length=50, pattern=r"^[A-Za-z0-9_.-]*$")] | None = None


class AuthModeRequest(RequestModel):
    """Body of `PUT /v1/auth-mode`."""

    mode: Mode


class AuthorizationItem(AnswerModel):
    """One authorisation. A secret is never shown: `secret_key` is a mask where there is one."""

    user_id: str
    user_name: str
    user_type: str
    type: str
    content: str
    secret_key: str | None = None
    create_time: int


class AuthorizationsResponse(AnswerModel):
    """One page."""

    total_count: int
    auth: list[AuthorizationItem]


class AgencyResponse(AnswerModel):
    """The agency's name."""

    agency_name: str


class AuthModeResponse(AnswerModel):
    """The mode of the caller's account."""

    domain_id: str
    mode: Mode
