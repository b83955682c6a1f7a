"""Operations of the contract that this server does not have yet: validated, then refused by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Request

from trainwright.domain.access import Action
from trainwright.domain.errors import NotOffered
from trainwright.ports.identity import Principal
from trainwright.server.answers import JSON, json_body
from trainwright.server.dependencies import ServicesDep, needs, without_nul
from trainwright.services.context import Services
from trainwright.services.pools import read_pool

router = APIRouter(tags=["unavailable"])

PathValues = dict[str, str]
Check = Callable[[Services, Principal, PathValues], Awaitable[None]]
V1, V2 = "/v1/{project_id}", "/v2/{project_id}"


@dataclass(frozen=True, slots=True)
class Refused:
    """An operation: its name, verb, path, the action it would need, and the ids that `check` looks up before."""

    name: str
    verb: str
    path: str
    action: Action
    check: Check
    takes_body: bool = True

    @property
    def path_names(self) -> list[str]:
        """Parameters in the path but for the project."""
        pieces = [piece.split("}")[0] for piece in self.path.split("{")[1:]]
        return [name for name in pieces if name != "project_id"]


async def _nothing(ctx: Services, who: Principal, values: PathValues) -> None:
    """No id to look up: such things do not exist here."""


async def _pool(ctx: Services, who: Principal, values: PathValues) -> None:
    await read_pool(ctx, who, values.get("pool_name") or values["name"])


def _of_nodes(verb: str) -> Refused:
    path = f"{V2}/pools/{{pool_name}}/nodes/batch-{verb}"
    return Refused(f"batch_{verb}_pool_nodes", "POST", path, Action.POOL_UPDATE, _pool)


_NODE_VERBS = ("bind", "delete", "drain", "migrate", "reboot", "reset", "resize", "update")
_POOL = "pools/{pool_name}"
_CHANGE, _LOOK = Action.POOL_UPDATE, Action.POOL_GET
_POOL_OPERATIONS = (
    *map(_of_nodes, _NODE_VERBS),
    Refused("batch_create_pool_tags", "POST", f"{V1}/{_POOL}/tags/create", _CHANGE, _pool),
    Refused("batch_delete_pool_tags", "DELETE", f"{V1}/{_POOL}/tags/delete", _CHANGE, _pool),
    Refused("create_node_pool", "POST", f"{V2}/{_POOL}/nodepools", _CHANGE, _pool),
    Refused("patch_node_pool", "PATCH", f"{V2}/{_POOL}/nodepools/{{nodepool_name}}", _CHANGE, _pool),
    Refused(
        "delete_node_pool",
        "DELETE",
        f"{V2}/{_POOL}/nodepools/{{nodepool_name}}",
        _CHANGE,
        _pool,
        takes_body=False,
    ),
    Refused("create_pool_plugin", "POST", f"{V2}/{_POOL}/plugins", _CHANGE, _pool),
    Refused("create_order_id", "POST", f"{V2}/pools/{{name}}/orderid", _CHANGE, _pool),
    Refused("show_pool_node_config", "GET", f"{V2}/{_POOL}/node-config", _LOOK, _pool, takes_body=False),
    Refused(
        "show_pool_node_config_template",
        "GET",
        f"{V2}/{_POOL}/node-config-template",
        _LOOK,
        _pool,
        takes_body=False,
    ),
    Refused("create_network", "POST", f"{V1}/networks", _CHANGE, _nothing),
    Refused("patch_network", "PATCH", f"{V1}/networks/{{network_name}}", _CHANGE, _nothing),
    Refused(
        "delete_network", "DELETE", f"{V1}/networks/{{network_name}}", _CHANGE, _nothing, takes_body=False
    ),
    Refused("show_network", "GET", f"{V1}/networks/{{network_name}}", _LOOK, _nothing, takes_body=False),
    Refused(
        "show_network_available_ip",
        "GET",
        f"{V1}/networks/{{network_name}}/network-ip-availabilities",
        _LOOK,
        _nothing,
        takes_body=False,
    ),
    Refused(
        "show_node_config_template",
        "GET",
        f"{V1}/nodeconfigtemplates/{{nodeconfigtemplate_name}}",
        _LOOK,
        _nothing,
        takes_body=False,
    ),
    Refused(
        "show_plugin_template",
        "GET",
        f"{V1}/plugintemplates/{{plugintemplate_name}}",
        _LOOK,
        _nothing,
        takes_body=False,
    ),
    Refused("show_order", "GET", f"{V1}/orders/{{order_name}}", _LOOK, _nothing, takes_body=False),
)


def _offer(operation: Refused) -> None:
    """Make a route that refuses `operation`."""

    async def refuse(
        request: Request, who: Annotated[Principal, needs(operation.action)], ctx: ServicesDep
    ) -> NoReturn:
        values = {name: without_nul(request.path_params[name]) for name in operation.path_names}
        await operation.check(ctx, who, values)
        if operation.takes_body:
            await json_body(request)
        raise NotOffered(field=operation.name)

    router.add_api_route(
        operation.path,
        refuse,
        methods=[operation.verb],
        operation_id=operation.name,
        response_model=None,
        summary=operation.name.replace("_", " ").capitalize(),
        description="Not available on this server: known ids are checked, then it is refused.",
        openapi_extra=_described(operation),
    )


def _described(operation: Refused) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in operation.path_names
    ]
    if not operation.takes_body:
        return {"parameters": parameters}
    body = {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}
    return {"parameters": parameters, "requestBody": body}


for _operation in _POOL_OPERATIONS:
    _offer(_operation)
