"""Authorisations and the authorisation mode (contract §2.9, §11.2)."""

from fastapi import APIRouter

router = APIRouter(tags=["authorizations"])
