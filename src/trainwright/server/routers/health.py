"""Whether the server is up; the only thing it tells to everyone."""

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(tags=["health"])
VERSION = version("trainwright")


class Health(BaseModel):
    """`status` is `ok` whenever the server answers."""

    status: str = "ok"
    version: str = VERSION


@router.get("/health", operation_id="health_show")
async def show() -> Health:
    """Status and version."""
    return Health()
