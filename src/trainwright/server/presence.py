"""Answers that take long: the work for one that nobody waits for any more is given up."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from trainwright.server.answers import answer_model

CLIENT_LEFT = 499  # seen in our own records only


async def answer_while_wanted(request: Request, work: Coroutine[Any, Any, BaseModel]) -> Response:
    """The answer that `work` gives. When its client goes away before, `work` is cancelled where it stands, so that what
    the same user asks for next does not wait for it.
    """
    answer = asyncio.create_task(work)
    left = asyncio.create_task(_left(request.receive))
    try:
        await asyncio.wait((answer, left), return_when=asyncio.FIRST_COMPLETED)
        return answer_model(answer.result()) if answer.done() else Response(status_code=CLIENT_LEFT)
    finally:
        answer.cancel()
        left.cancel()
        await asyncio.gather(answer, left, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
