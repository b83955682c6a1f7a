"""Users, roles, tokens and access keys (ours), and the log-in of the contract (§1.3: /v3/projects, /v3/auth/tokens)."""

from fastapi import APIRouter

router = APIRouter(tags=["identity"])
