"""Training experiments (contract §10)."""

from fastapi import APIRouter

router = APIRouter(tags=["experiments"])
