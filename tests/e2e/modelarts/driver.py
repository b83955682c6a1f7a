"""One caller: the official client with particular credentials, watched at its own HTTP hook."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, SdkException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.http.http_handler import HttpHandler
from huaweicloudsdkmodelarts.v1 import ModelArtsClient

from tests.e2e.modelarts.digest import complaints
from tests.e2e.modelarts.official import Operation, canonical, operation, present, request_of

NOT_OFFERED = "Trainwright.0004"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as fields that held something."""

    operation: str
    sent: frozenset[str]
    status: int
    error_code: str
    answered: frozenset[str]


@dataclass
class Recorder:
    """Everything said since the test began, and everything answered since the suite began."""

    exchanges: list[Exchange] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    ever_answered: set[tuple[str, str]] = field(default_factory=set)

    def forget(self) -> None:
        """Begin a test."""
        self.exchanges.clear()
        self.complaints.clear()

    def accepted(self, name: str) -> set[str]:
        """Request fields of an operation that were taken."""
        return {leaf for e in self._of(name) if e.status < 400 for leaf in e.sent}

    def not_offered(self, name: str) -> set[str]:
        """Request fields that were in a request refused as not available here."""
        return {leaf for e in self._of(name) if e.error_code == NOT_OFFERED for leaf in e.sent}

    def answered(self, name: str) -> set[str]:
        """Answer fields that held something."""
        return {leaf for e in self._of(name) for leaf in e.answered}

    def succeeded(self, name: str) -> bool:
        """Whether a request of the operation was answered as done."""
        return any(e.status < 300 for e in self._of(name))

    def refusals(self, name: str) -> set[str]:
        """Codes that requests of the operation were refused with."""
        return {e.error_code for e in self._of(name) if e.error_code}

    def _of(self, name: str) -> Iterator[Exchange]:
        return (e for e in self.exchanges if e.operation == name)


class Caller:
    """`call` an operation, or see it `refused`."""

    def __init__(self, client: ModelArtsClient, recorder: Recorder, answers: list[Any]) -> None:
        self.client = client
        self.recorder = recorder
        self._answers = answers

    def call(
        self, name: str, /, *, language: str = "", headers: Mapping[str, str] | None = None, **values: Any
    ) -> Any:
        """The client's answer object. `body` is given in wire names and becomes the client's models."""
        op = operation(name)
        request = request_of(op, values)
        invoker = getattr(self.client, f"{name}_invoker")(request)
        for key, text in {**({"X-Language": language} if language else {}), **(headers or {})}.items():
            invoker.add_header(key, text)
        self._answers.clear()
        try:
            return invoker.invoke()
        except SdkException as error:
            raise error.with_traceback(None) from None
        finally:
            if self._answers:
                self._note(op, values, self._answers[-1])

    @property
    def last_request(self) -> Any:
        """What the client sent last, as it went over the wire."""
        return self._answers[-1].request

    def refused(
        self,
        name: str,
        /,
        *codes: str,
        status: int = 0,
        language: str = "",
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> ClientRequestException:
        """The exception of a call that must be refused, whole and readable, with one of `codes` (any, when none)."""
        try:
            self.call(name, language=language, headers=headers, **values)
        except ClientRequestException as refusal:
            check_refusal(refusal)
            assert not codes or refusal.error_code in codes, f"{name}: {refusal}"
            assert not status or refusal.status_code == status, f"{name}: {refusal}"
            return refusal
        raise AssertionError(f"{name} was not refused: {values}")

    def not_offered(self, name: str, /, **values: Any) -> ClientRequestException:
        """The same, refused as not available here."""
        return self.refused(name, NOT_OFFERED, status=400, **values)

    def _note(self, op: Operation, values: Mapping[str, Any], response: Any) -> None:
        answer = json_of(response)
        said = list(wire_complaints(op, response))
        if response.status_code < 300:
            said += complaints(op.response, answer)
        self.recorder.complaints += [f"{op.name}: {text}" for text in said]
        code = (
            answer.get("error_code", "") if isinstance(answer, dict) and response.status_code >= 400 else ""
        )
        answered = frozenset(_answered(op, answer)) if response.status_code < 300 else frozenset()
        self.recorder.exchanges.append(
            Exchange(op.name, frozenset(_sent(op, values)), response.status_code, code, answered)
        )
        self.recorder.ever_answered |= {canonical(op.name, leaf) for leaf in answered}


def check_refusal(refusal: ClientRequestException) -> None:
    """Whether the caller learns code, message and request id from it."""
    assert 400 <= refusal.status_code < 500, str(refusal)
    assert refusal.error_code and not refusal.error_code.isdigit(), str(refusal)
    assert refusal.error_msg and not refusal.error_msg.lstrip().startswith(("{", "<")), str(refusal)
    assert refusal.request_id, str(refusal)


def wire_complaints(op: Operation, response: Any) -> Iterator[str]:
    """What is wrong with an answer whatever it says."""
    if 300 <= response.status_code < 400:
        yield f"answered {response.status_code}, which the client takes for success"
    if response.status_code >= 500:
        yield f"answered {response.status_code}: {response.text[:300]}"
    if not response.headers.get("X-Request-Id"):
        yield "no X-Request-Id"
    if response.content and "json" not in response.headers.get("Content-Type", ""):
        yield f"Content-Type {response.headers.get('Content-Type')!r}"
    if response.content and json_of(response) is _NOT_JSON:
        yield "the body is not JSON"


_NOT_JSON = "not JSON"


def json_of(response: Any) -> Any:
    """The answer's JSON; None for an empty body."""
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        return _NOT_JSON


def _sent(op: Operation, values: Mapping[str, Any]) -> Iterator[str]:
    for attribute, value in values.items():
        if attribute == "body":
            yield from present(op.request.openapi_types["body"], value)
        else:
            yield op.request.attribute_map[attribute]


def _answered(op: Operation, answer: Any) -> Iterator[str]:
    declared = {leaf for leaf in op.answers if "." not in leaf}
    if "body" in declared or any(leaf.startswith("body.") for leaf in op.answers):
        answer = {"body": answer}
    yield from present(op.response, answer)


def caller(
    url: str,
    project_id: str | None,
    access_key: str,
    secret_key: str,
    recorder: Recorder,
) -> Caller:
    """The documented way: an endpoint, and credentials with a project."""
    return watched(
        recorder,
        lambda builder: builder.with_credentials(
            BasicCredentials(access_key, secret_key, project_id)
        ).with_endpoint(url),
    )


def watched(recorder: Recorder, configure: Any) -> Caller:
    """A client built by `configure(builder)`, its answers kept for the checks."""
    answers: list[Any] = []

    def keep(*, response: Any, **_: Any) -> None:
        answers.append(response)

    builder = ModelArtsClient.new_builder().with_http_config(_config())
    builder = builder.with_http_handler(HttpHandler().add_response_handler(keep))
    return Caller(configure(builder).build(), recorder, answers)


def _config() -> HttpConfig:
    config: HttpConfig = HttpConfig.get_default_config()
    config.timeout = (5, 30)
    return config
