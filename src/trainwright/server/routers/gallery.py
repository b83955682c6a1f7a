"""The gallery: publishing, finding, subscribing (contract §2.4, manual 3.2)."""

from fastapi import APIRouter

router = APIRouter(tags=["gallery"])
