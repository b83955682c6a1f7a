"""Operations of the contract that this server does not have yet: validated, then refused by name."""

from fastapi import APIRouter

router = APIRouter(tags=["unavailable"])
