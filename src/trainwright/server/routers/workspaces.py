"""Workspaces, their members and quotas (contract §2.8, §11.1)."""

from fastapi import APIRouter

router = APIRouter(tags=["workspaces"])
