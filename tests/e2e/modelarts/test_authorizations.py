"""Authorisations, the agency, and the mode of authorisation."""

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import Person

SECRET = "NeverShownAgain" + "0" * 25


@covers("create_authorization", "user_id type content secret_key user_name user_type")
@covers(
    "get_authorizations",
    "sort_by order limit offset",
    answers="*",
)
@covers("delete_authorizations", "user_id")
def test_authorisations_are_kept_shown_without_secrets_and_removed(api: Caller, developer: Person) -> None:
    """Guards the calls that set-up scripts begin with, and that a secret never comes back."""
    api.call(
        "create_authorization",
        body={
            "user_id": developer.id,
            "type": "credential",
            "content": "AKEXAMPLE",
            "secret_key": SECRET,
            "user_name": developer.name,
            "user_type": "iam",
        },
    )
    api.call("create_authorization", body={"user_id": "all-users", "type": "agency", "content": "ma_agency"})
    listed = api.call("get_authorizations", sort_by="user_name", order="asc", limit=10, offset=0)
    assert SECRET not in listed.raw_content.decode()
    mine = {one.user_id: one for one in listed.auth}
    assert int(listed.total_count) == len(mine) == 2
    one = mine[developer.id]
    assert (one.type, one.content, one.user_name) == ("credential", "AKEXAMPLE", developer.name)
    assert one.create_time > 1_600_000_000_000
    assert len(api.call("get_authorizations", limit=1, offset=1).auth) == 1
    api.call("delete_authorizations", user_id=developer.id)
    assert {one.user_id for one in api.call("get_authorizations").auth} == {"all-users"}
    api.refused("delete_authorizations", "ModelArts.2764")
    api.call("delete_authorizations", user_id="all")
    assert not api.call("get_authorizations").auth


@pytest.mark.parametrize(
    "body",
    [
        {"user_id": "ab", "type": "agency", "content": "a"},
        {"user_id": "all-users", "type": "wish", "content": "a"},
        {"user_id": "all-users", "type": "agency", "content": "x" * 65},
        {"user_id": "all-users", "type": "agency"},
    ],
)
def test_an_authorisation_of_the_wrong_form_is_refused(api: Caller, body: dict[str, str]) -> None:
    """Guards the limits of the fields."""
    api.refused("create_authorization", body=body)


@covers("create_model_arts_agency", "agency_name_suffix", answers="body")
def test_the_agency_that_set_up_scripts_create(api: Caller) -> None:
    """Guards the call before the first authorisation: it succeeds and says the agency's name."""
    answer = api.call("create_model_arts_agency", body={"agency_name_suffix": "proof"})
    assert b"proof" in answer.raw_content


@covers("show_authmode_detail", answers="domain_id mode")
@covers("update_auth_mode", "mode", answers="domain_id mode")
def test_the_mode_of_authorisation(api: Caller) -> None:
    """Guards the two calls without a project in their path."""
    before = api.call("show_authmode_detail")
    assert before.mode in ("strict", "loose") and before.domain_id
    other = "loose" if before.mode == "strict" else "strict"
    assert api.call("update_auth_mode", body={"mode": other}).mode == other
    assert api.call("show_authmode_detail").mode == other
    api.call("update_auth_mode", body={"mode": before.mode})
    api.refused("update_auth_mode", body={"mode": "sometimes"})
