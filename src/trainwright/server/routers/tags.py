"""Tags of training jobs (contract §6.13)."""

from fastapi import APIRouter

router = APIRouter(tags=["tags"])
