"""The description of the API, and a page to read and try it."""

from fastapi import APIRouter

router = APIRouter(tags=["reference"])
