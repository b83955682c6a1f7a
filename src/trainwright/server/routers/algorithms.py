"""Saved algorithms (contract §8)."""

from fastapi import APIRouter

router = APIRouter(tags=["algorithms"])
