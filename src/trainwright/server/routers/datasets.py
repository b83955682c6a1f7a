"""Registered datasets and their versions (ours)."""

from fastapi import APIRouter

router = APIRouter(tags=["datasets"])
