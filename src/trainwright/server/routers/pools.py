"""Pools, nodes, workloads, statistics (contract §2.10, §11.3)."""

from fastapi import APIRouter

router = APIRouter(tags=["pools"])
