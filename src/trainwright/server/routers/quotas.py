"""Training quotas (contract §7.3) and event categories (§6.11)."""

from fastapi import APIRouter

router = APIRouter(tags=["quotas"])
