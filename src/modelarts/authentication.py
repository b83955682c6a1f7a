"""From what `Session(…)` was given to who asks which server for which project."""

from dataclasses import dataclass, field, replace

from modelarts.exception import WRONG_PROJECT, AuthenticationError, InvalidArgument, translated
from trainwright.client import Access, Client
from trainwright.client.config import resolve_access

AKSK, PASSWORD, TOKEN = "aksk", "password", "token"
DEFAULT_REGION = "default"
_UNKNOWN = "unknown"  # stands for what is found out, or not needed, in the first requests


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the three services answer, with scheme; empty ones are those of `Session()` without `set_endpoint`."""

    iam: str = ""
    obs: str = ""
    modelarts: str = ""
    region_name: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of `Session`; empty ones were not given."""

    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    project_id: str = ""
    region_name: str = ""
    account: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    language: str = "en-us"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Who asks. `auth` is the way it was proved: `aksk`, `password` or `token`."""

    access: Access
    auth: str
    region_name: str


def make_endpoints(iam: str | None, obs: str | None, modelarts: str | None, region: str | None) -> Endpoints:
    """Endpoints with what is missing taken from the others: a server of ours answers for all three."""
    first = modelarts or iam or obs or ""
    return Endpoints(
        iam=_with_scheme(iam or first),
        obs=_with_scheme(obs or first),
        modelarts=_with_scheme(first),
        region_name=region or "",
    )


def authenticate(given: Given, endpoints: Endpoints) -> Authenticated:
    """Who asks, which server, which project.

    With a key pair or a password the server is asked once, so that a wrong one is told at once.

    Raises:
        InvalidArgument: half of a pair, or two ways at once.
        AuthenticationError: nothing is known, or the server does not accept it.
        NotReachable: the server does not answer.
    """
    _check(given)
    region = given.region_name or endpoints.region_name or DEFAULT_REGION
    with translated():
        if given.access_key:
            return Authenticated(_signed(given, endpoints, region), AKSK, region)
        if given.password:
            return Authenticated(_logged_in(given, endpoints, region), PASSWORD, region)
        access, auth = _implicit(given, endpoints, region)
        return Authenticated(access, auth, region)


def _check(given: Given) -> None:
    if bool(given.access_key) != bool(given.secret_key):
        raise InvalidArgument(
            "access_key and secret_key belong together: only one of them is given.",
            error_solution="Give both, or none to use what `trainwright login` stored.",
        )
    if given.access_key and given.password:
        raise InvalidArgument("Give either access_key and secret_key, or username and password, not both.")
    if not (given.access_key.isascii() and given.access_key.isprintable()):
        raise InvalidArgument(
            "access_key holds characters that no access key has.",
            error_solution="Copy it again, without line breaks.",
        )
    if bool(given.username or given.account) != bool(given.password):
        raise InvalidArgument(
            "username and password belong together: only one of them is given.",
            error_solution="Give both, or none to use what `trainwright login` stored.",
        )


def _signed(given: Given, endpoints: Endpoints, region: str) -> Access:
    access = Access(
        _endpoint(endpoints.modelarts),
        given.project_id or _UNKNOWN,
        language=given.language,
        access_key=given.access_key,
        secret_key=given.secret_key,
    )
    return _in_own_project(access, given.project_id, region)


def _logged_in(given: Given, endpoints: Endpoints, region: str) -> Access:
    # An account is entered by its first user: then its name stands for both.
    name, account = given.username or given.account, given.account or given.username
    user = {"name": name, "password": given.password, "domain": {"name": account}}
    project = {"id": given.project_id} if given.project_id else {"name": region}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
    }
    endpoint = _endpoint(endpoints.iam)
    with Client(Access(endpoint, _UNKNOWN, "", given.language)) as client:
        answer = client.log_in(body)
    return Access(
        endpoints.modelarts or endpoint, answer.answer.token.project.id, answer.token, given.language
    )


def _implicit(given: Given, endpoints: Endpoints, region: str) -> tuple[Access, str]:
    found = resolve_access(endpoint=endpoints.modelarts, project_id=given.project_id)
    access = Access(
        found.endpoint.value,
        found.project_id.value or _UNKNOWN,
        found.token.value,
        given.language,
        access_key=found.access_key.value,
        secret_key=found.secret_key.value,
    )
    if not access.is_signed:
        return access, TOKEN
    return _in_own_project(access, found.project_id.value, region), AKSK


def _in_own_project(access: Access, project_id: str, region: str) -> Access:
    """`access` for the one project that its key is of, which is `project_id` if that is known.

    Raises:
        AuthenticationError: it is another one.
    """
    with Client(access) as client:
        own = client.list_iam_projects(name=region).projects[0].id
    if project_id and own != project_id:
        raise AuthenticationError(
            f"The access key belongs to project {own}, not to {project_id}.",
            error_code=WRONG_PROJECT,
            error_solution="Give the right project_id, or none.",
        )
    return replace(access, project_id=own)


def _endpoint(told: str) -> str:
    """Where the server is: as told, else as the environment, the log-in or the server on this machine says."""
    return resolve_access(endpoint=told, project_id=_UNKNOWN, token=_UNKNOWN).endpoint.value


def _with_scheme(host: str) -> str:
    return host.rstrip("/") if "://" in host or not host else f"http://{host}".rstrip("/")
