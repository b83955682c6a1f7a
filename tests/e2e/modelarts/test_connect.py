"""Every documented way to configure the client, and every way to be refused."""

import datetime
from typing import Any

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkmodelarts.v1 import ModelArtsClient, ShowTrainingJobEnginesRequest
from huaweicloudsdkmodelarts.v1.region.modelarts_region import ModelArtsRegion

from tests.e2e.modelarts.driver import Caller, caller, watched
from tests.e2e.modelarts.platform import Person, Platform

WRONG_KEY = ("APIGW.0301", "ModelArts.0205", "ModelArts.0206")


def engines(one: Caller) -> int:
    """A call that anyone may make."""
    return int(one.call("show_training_job_engines").total)


def with_keys(platform: Platform, access_key: str, secret_key: str, project: str | None = "") -> Caller:
    """A caller with other keys, in the administrator's project unless said."""
    project = platform.admin.project_id if project == "" else project
    return caller(platform.url, project, access_key, secret_key, platform.recorder)


def test_with_an_endpoint_and_a_project(platform: Platform) -> None:
    """Guards the recommended way, word for word as a user writes it."""
    admin = platform.admin
    client = (
        ModelArtsClient.new_builder()
        .with_credentials(BasicCredentials(admin.access_key, admin.secret_key, admin.project_id))
        .with_endpoint(platform.url)
        .build()
    )
    assert client.show_training_job_engines(ShowTrainingJobEnginesRequest()).total >= 2


def test_with_a_path_behind_the_endpoint(platform: Platform) -> None:
    """Guards endpoints pasted with a path: the client drops it."""
    admin = platform.admin
    assert engines(
        caller(
            f"{platform.url}/some/prefix",
            admin.project_id,
            admin.access_key,
            admin.secret_key,
            platform.recorder,
        )
    )


def test_with_a_region_and_the_project_looked_up(platform: Platform) -> None:
    """Guards region style: the client asks `/v3/projects` for the one project."""
    admin = platform.admin
    credentials = BasicCredentials(admin.access_key, admin.secret_key).with_iam_endpoint(platform.url)
    looked_up = watched(
        platform.recorder,
        lambda builder: builder.with_credentials(credentials).with_region(Region("our-lab-1", platform.url)),
    )
    assert engines(looked_up)
    assert looked_up.client.get_credentials().project_id == admin.project_id


def test_with_a_built_in_region_moved_to_us(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards scripts that name a cloud region: two variables of the environment move them."""
    admin = platform.admin
    monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_MODELARTS_CN_NORTH_4", platform.url)
    monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", platform.url)
    moved = watched(
        platform.recorder,
        lambda builder: builder.with_credentials(
            BasicCredentials(admin.access_key, admin.secret_key)
        ).with_region(ModelArtsRegion.value_of("cn-north-4")),
    )
    assert engines(moved)


def test_with_credentials_of_the_environment(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards pipelines that pass no credentials in code."""
    for name, value in (
        ("AK", platform.admin.access_key),
        ("SK", platform.admin.secret_key),
        ("PROJECT_ID", platform.admin.project_id),
    ):
        monkeypatch.setenv(f"HUAWEICLOUD_SDK_{name}", value)
    assert engines(watched(platform.recorder, lambda builder: builder.with_endpoint(platform.url)))


def test_with_a_token_instead_of_keys(platform: Platform) -> None:
    """Guards tokens: whatever Authorization says beside them."""
    without = with_keys(platform, "unknown", "unknown")
    headers = {"X-Auth-Token": platform.admin.token, "Authorization": "x"}
    assert without.call("show_training_job_engines", headers=headers).total
    without.refused(
        "show_training_job_engines", status=401, headers={"X-Auth-Token": "made up", "Authorization": "x"}
    )


def test_with_a_security_token_beside_the_keys(platform: Platform) -> None:
    """Guards a further signed header."""
    admin = platform.admin
    credentials = BasicCredentials(admin.access_key, admin.secret_key, admin.project_id).with_security_token(
        "t"
    )
    one = watched(
        platform.recorder, lambda builder: builder.with_credentials(credentials).with_endpoint(platform.url)
    )
    assert engines(one)


def test_signed_texts_of_every_kind(platform: Platform, api: Caller) -> None:
    """Guards the canonical form: blanks, slashes, plus signs, other scripts in queries, paths and bodies."""
    job = platform.create("signed").metadata.id
    for text in ("a b", "a+b", "a/b", "ü=&?#", "训练 作业", "%2F", "~-_.", "a%20b", ""):
        api.call("list_training_job_events", training_job_id=job, pattern=text or None)
        api.call(
            "validate_training_job_name", job_name=f"x{text}", workspace_id="0"
        ) if text.isalnum() else None
    for odd in ("a/b", "a%2Fb", "a b", "训练", "a?b#c", "...", "x" * 300):
        refusal = api.refused("show_training_job_details", training_job_id=odd)
        assert refusal.status_code in (400, 404), (odd, str(refusal))
    api.call(
        "change_training_job_description", training_job_id=job, body={"description": "训练 ☃ \U0001f600"}
    )
    assert platform.show(job).metadata.description == "训练 ☃ \U0001f600"


def test_wrong_keys_are_refused(platform: Platform) -> None:
    """Guards wrong access key and wrong secret key, which look alike."""
    admin = platform.admin
    refusals = [
        with_keys(platform, "NOSUCHACCESSKEY00000", admin.secret_key).refused("show_training_job_engines"),
        with_keys(platform, admin.access_key, "wrong").refused("show_training_job_engines"),
    ]
    for refusal in refusals:
        assert refusal.status_code in (401, 403)
        assert refusal.error_code in WRONG_KEY
    assert refusals[0].error_code == refusals[1].error_code


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_stale_date_is_refused(platform: Platform, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """Guards the window of 15 minutes on both sides."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    headers = {"X-Sdk-Date": moment.strftime("%Y%m%dT%H%M%SZ")}
    refusal = platform.admin.api.refused("show_training_job_engines", status=401, headers=headers)
    assert refusal.error_code in WRONG_KEY


def test_a_date_within_the_window_is_taken(platform: Platform) -> None:
    """Guards clocks that are a little off."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=13)
    headers = {"X-Sdk-Date": moment.strftime("%Y%m%dT%H%M%SZ")}
    assert platform.admin.api.call("show_training_job_engines", headers=headers).total


def test_another_project_is_refused(platform: Platform, stranger: Person) -> None:
    """Guards projects: with the right keys, but in somebody else's project, or one that never was."""
    admin = platform.admin
    for project in (stranger.project_id, "0123456789abcdef0123456789abcdef"):
        one = with_keys(platform, admin.access_key, admin.secret_key, project)
        one.refused("show_training_job_engines", "ModelArts.0210", status=403)
        one.refused("show_training_job_details", "ModelArts.0210", status=403, training_job_id="whatever")


def test_no_project_at_all_is_refused(platform: Platform) -> None:
    """Guards the literal `{project_id}` that the client sends when it was told none."""
    one = with_keys(platform, platform.admin.access_key, platform.admin.secret_key, None)
    refusal = one.refused("show_training_job_engines", "ModelArts.0210")
    assert refusal.status_code in (400, 403)


def test_a_disabled_key_is_refused(platform: Platform) -> None:
    """Guards keys that were switched off: as if they were unknown."""
    person = platform.add_person("developer")
    assert engines(person.api)
    platform.disable_key(person)
    assert person.api.refused("show_training_job_engines").error_code in WRONG_KEY


@pytest.mark.parametrize(
    ("scheme", "status"),
    [
        ("", 401),
        ("Basic YWRtaW46YWRtaW4=", 401),
        (
            "V11-HMAC-SHA256 Credential=AK/20261122/cn-north-4/modelarts, SignedHeaders=host, Signature=00",
            401,
        ),
        ("SDK-HMAC-SHA256 nonsense", 401),
        ("SDK-HMAC-SM3 Access=AK, SignedHeaders=host;x-sdk-date, Signature=00", 401),
    ],
)
def test_other_schemes_are_refused(platform: Platform, scheme: str, status: int) -> None:
    """Guards everything that is no signature of ours, on paths that exist and paths that do not."""
    headers = {"Authorization": scheme} if scheme else {}
    project = platform.admin.project_id
    for path in (
        f"/v2/{project}/training-job-engines",
        f"/v2/{project}/training-jobs/x",
        "/v2/none/nothing/here",
    ):
        answer = httpx.get(platform.url + path, headers=headers, trust_env=False)
        body: dict[str, Any] = answer.json()
        assert answer.status_code == status, (path, answer.text)
        assert body["error_code"] in WRONG_KEY and body["error_msg"]
        assert answer.headers["X-Request-Id"]


def test_a_tampered_request_is_refused(platform: Platform) -> None:
    """Guards what the signature covers: the body and the query of a request that was recorded."""
    platform.admin.api.call("list_training_jobs", body={"limit": 1})
    sent = platform.admin.api.last_request
    headers = {key: value for key, value in sent.headers.items() if key.lower() != "content-length"}
    replay = httpx.post(sent.url, content=sent.body, headers=headers, trust_env=False)
    assert replay.status_code == 200, replay.text
    tampered = httpx.post(sent.url, content=b'{"limit": 2}', headers=headers, trust_env=False)
    assert tampered.status_code == 401
    assert (
        httpx.post(f"{sent.url}?limit=2", content=sent.body, headers=headers, trust_env=False).status_code
        == 401
    )
