"""Hyperparameter search: algorithms, trials, analysis, templates (contract §9)."""

from fastapi import APIRouter

router = APIRouter(tags=["trials"])
