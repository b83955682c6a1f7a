"""How many pools a project may have, and what they can be like."""

from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.pool_rules import POOLS_MAX
from trainwright.services.pools import list_own
from trainwright.wire.pools import OsConfigResponse, OsQuotaResponse, ResourceQuota, ResourceQuotas


async def show_quota(ctx: Services, who: Principal) -> OsQuotaResponse:
    """Dedicated pools: allowed and there. Networks and their parts do not exist here."""
    used = len(await list_own(ctx, who))
    pools = ResourceQuota(type="POOL", quota=str(POOLS_MAX), used=str(used))
    return OsQuotaResponse(quotas=ResourceQuotas(resources=[pools]))


def show_config() -> OsConfigResponse:
    """No networks, and nothing that survives the loss of the machine."""
    return OsConfigResponse(pool_quota=POOLS_MAX)
