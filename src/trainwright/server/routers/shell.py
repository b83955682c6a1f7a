"""A shell in a task, over a WebSocket.

Binary messages are bytes of the terminal, in both directions; text messages from the client are `ShellControl`, the
last message from the server is a `ShellEnd`. Refusals come as HTTP answers, before the WebSocket is there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from trainwright.domain.access import Action
from trainwright.domain.errors import ForeignOrigin, InvalidQuery, TrainwrightError
from trainwright.domain.texts import Text
from trainwright.ports.backend import Terminal
from trainwright.ports.identity import Principal
from trainwright.server.cookies import is_our_origin
from trainwright.server.dependencies import JobId, LanguageDep, ServicesDep, TaskId, needs, signed_in_still
from trainwright.services import shell
from trainwright.services.shell_limits import OpenShells
from trainwright.wire.shell import TERMINAL_MAX, ShellControl, ShellEnd

ARGUMENTS_MAX, ARGUMENTS_BYTES_MAX = 256, 32 << 10
NORMAL, POLICY = 1000, 1008  # of RFC 6455
_RANGE = Text("it must be 0 to {limit}", "必须在 0 至 {limit} 之间")
_TOO_LONG = Text("it is longer than {limit} bytes in all", "总长度超过 {limit} 字节")

router = APIRouter(prefix="/v2/{project_id}/training-jobs/{training_job_id}", tags=["shell"])

MayExec = Annotated[Principal, needs(Action.JOB_EXEC)]


@router.websocket("/tasks/{task_id}/shell")
async def open_shell(
    socket: WebSocket, job_id: JobId, task: TaskId, who: MayExec, ctx: ServicesDep, language: LanguageDep
) -> None:
    """A terminal of `rows` by `columns` (0 rows: pipes) with a shell, or with the program of `argument` (repeated)."""
    check_origin(socket, ctx.public_url)
    argv = _argv(socket)
    rows, columns = (_number(socket, name) for name in ("rows", "columns"))
    wanted = shell.Wanted(job_id, task, rows, columns, argv)

    async def refusal() -> str:
        """Why the caller may not any more; empty as long as they may."""
        try:
            await shell.check_still(ctx, await signed_in_still(socket, who), wanted)
        except TrainwrightError as exc:
            return shell.NOT_ALLOWED.render(language, {"detail": exc.message(language)})
        return ""

    async with shell.open_shell(ctx, who, wanted) as terminal:
        await socket.accept()
        try:
            refused = await _relay(socket, terminal, ctx.shells, refusal)
        except WebSocketDisconnect:
            return
        except TimeoutError:
            minutes = round(ctx.shells.idle_s / 60)
            refused = shell.LEFT_ALONE.render(language, {"minutes": minutes})
        code = terminal.exit_code if not refused else None
        end = ShellEnd(exit_code=shell.CLOSED if code is None else code, message=refused)
        try:
            await socket.send_text(end.model_dump_json())
            await socket.close(NORMAL)
        except (WebSocketDisconnect, RuntimeError):
            return  # the client has left meanwhile


def check_origin(socket: WebSocket, public_url: str) -> None:
    """Browsers say whose page asks, and ask on behalf of any page: only ours may.

    Raises:
        ForeignOrigin: another site's.
    """
    origin = socket.headers.get("origin", "")
    if origin and not is_our_origin(origin, socket.headers.get("host", ""), public_url):
        raise ForeignOrigin(origin=origin[:200])


def _number(socket: WebSocket, name: str) -> int:
    text = socket.query_params.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= TERMINAL_MAX):
        raise InvalidQuery(field=name, detail=_RANGE, limit=TERMINAL_MAX)
    return int(text)


def _argv(socket: WebSocket) -> list[str]:
    argv = socket.query_params.getlist("argument")
    if (
        len(argv) > ARGUMENTS_MAX
        or sum(len(word.encode("utf-8", "replace")) for word in argv) > ARGUMENTS_BYTES_MAX
    ):
        raise InvalidQuery(field="argument", detail=_TOO_LONG, limit=ARGUMENTS_BYTES_MAX)
    return [word.replace("\0", "") for word in argv]


async def _relay(
    socket: WebSocket, terminal: Terminal, shells: OpenShells, refusal: Callable[[], Awaitable[str]]
) -> str:
    """Carry bytes both ways until the program ends (empty), or the caller may not go on (why).

    Raises:
        WebSocketDisconnect: the client has left.
        TimeoutError: nothing has come for `shells.idle_s` seconds.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(shells.idle_s) as patience:

        def busy() -> None:
            patience.reschedule(loop.time() + shells.idle_s)

        guarding = asyncio.create_task(_guard(refusal, shells.recheck_s))
        typing = asyncio.create_task(_take_in(socket, terminal, busy))
        printing = asyncio.create_task(_put_out(socket, terminal, busy))
        running = {guarding, typing, printing}
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            return guarding.result() if guarding in done else ""
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _guard(refusal: Callable[[], Awaitable[str]], period_s: float) -> str:
    """Ends with why the caller may not go on."""
    while True:
        await asyncio.sleep(period_s)
        if refused := await refusal():
            return refused


async def _put_out(socket: WebSocket, terminal: Terminal, busy: Callable[[], None]) -> None:
    while data := await terminal.read():
        busy()
        await _sent(socket.send_bytes(data))


async def _sent(sending: Awaitable[None]) -> None:
    try:
        await sending
    except RuntimeError as exc:  # Starlette's word for a connection that was closed meanwhile
        raise WebSocketDisconnect(POLICY) from exc


async def _take_in(socket: WebSocket, terminal: Terminal, busy: Callable[[], None]) -> None:
    """Ends only by the client's leaving."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", NORMAL))
        busy()
        if message.get("bytes"):
            await terminal.write(message["bytes"])
        elif message.get("text"):
            await _obey(terminal, message["text"])


async def _obey(terminal: Terminal, text: str) -> None:
    """Do what a `ShellControl` says; anything else is of a newer client, and harmless."""
    try:
        control = ShellControl.model_validate_json(text)
    except ValidationError:
        return
    if control.rows and control.columns:
        await terminal.resize(control.rows, control.columns)
    if control.end_input:
        await terminal.end_input()
