"""A program on a pseudo-terminal or on pipes of ours, as a `ports.backend.Terminal`."""

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from trainwright.ports.backend import BackendError

PIECE_BYTES = 64 << 10
CLOSE_S = 5.0  # a program that has not ended so long after the hang-up is killed
DEFAULT_TERM = "xterm-256color"


class ProcessTerminal:
    """Opened by `open`. Must be closed; one reader and one writer at a time.

    The program is a session of its own without a controlling terminal: it takes its standard input for that.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], given: int, shown: int, hang_up: signal.Signals
    ) -> None:
        self._process = process
        self._hang_up = hang_up
        self._given = given  # -1: closed
        self._shown = shown
        self._is_terminal = given == shown
        self._ended = asyncio.Event()
        self._pidfd = os.pidfd_open(process.pid)
        self.exit_code: int | None = None
        asyncio.get_running_loop().add_reader(self._pidfd, self._collect)

    @classmethod
    async def open(
        cls,
        argv: Sequence[str],
        *,
        rows: int,
        columns: int,
        environment: Mapping[str, str],
        hang_up: signal.Signals = signal.SIGHUP,
        errors: bool = True,
    ) -> Self:
        """Start `argv` on a terminal of that size; 0 rows: with pipes. `hang_up` is what it is sent when we close.
        `errors`: its standard errors are shown among the output, else nowhere.

        Raises:
            BackendError: it cannot be started.
        """
        ours, theirs = _terminal(rows, columns) if rows else _pipes()
        try:
            process = await asyncio.to_thread(_start, argv, theirs, environment, errors)
        except OSError as error:
            for descriptor in set(ours):
                os.close(descriptor)
            raise BackendError(f"{argv[0]} cannot be started: {error}") from error
        finally:
            for descriptor in set(theirs):
                os.close(descriptor)
        return cls(process, *ours, hang_up)

    async def read(self) -> bytes:
        """The next output; empty at the end."""
        while self._shown >= 0:
            ended = self._ended.is_set()  # asked before reading: what was written before the end is not lost
            try:
                data = os.read(self._shown, PIECE_BYTES)
            except BlockingIOError:
                if ended:
                    break  # something in the background still holds the terminal
                await self._ready(self._shown, write=False)
                continue
            except OSError:  # nobody holds the other end of the terminal any more
                break
            if data:
                return data
            break
        await self._ended.wait()
        return b""

    async def write(self, data: bytes) -> None:
        """Type."""
        rest = memoryview(data)
        while rest and self._given >= 0 and not self._ended.is_set():
            try:
                rest = rest[os.write(self._given, rest) :]
            except BlockingIOError:
                await self._ready(self._given, write=True)
            except OSError:
                return  # nobody reads it any more

    async def end_input(self) -> None:
        """Close the pipe to the program."""
        if not self._is_terminal and self._given >= 0:
            os.close(self._given)
            self._given = -1

    async def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal; the kernel tells the programs."""
        if self._is_terminal and self._given >= 0:
            _set_size(self._given, rows, columns)

    async def close(self) -> None:
        """Hang up and see to it that the program ends."""
        self._let_go()
        if not self._ended.is_set():
            try:
                await asyncio.wait_for(self._ended.wait(), CLOSE_S)
            except TimeoutError:
                self._process.send_signal(signal.SIGKILL)
                await self._ended.wait()

    def _let_go(self) -> None:
        for descriptor in {self._given, self._shown} - {-1}:
            os.close(descriptor)
        self._given = self._shown = -1
        if not self._ended.is_set():
            self._process.send_signal(self._hang_up)

    def _collect(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        code = self._process.wait()
        self.exit_code = 128 - code if code < 0 else code
        self._ended.set()

    async def _ready(self, descriptor: int, *, write: bool) -> None:
        """Until the descriptor is ready, or the program has ended."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        add, remove = (
            (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
        )
        ended = asyncio.ensure_future(self._ended.wait())
        add(descriptor, _resolve(ready))
        try:
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            remove(descriptor)
            ended.cancel()
            ready.cancel()


def _resolve(future: "asyncio.Future[None]") -> Callable[[], None]:
    def tell() -> None:
        if not future.done():
            future.set_result(None)

    return tell


def _terminal(rows: int, columns: int) -> tuple[tuple[int, int], tuple[int, int, int]]:
    """Our end (twice), and the program's input, output and errors."""
    ours, theirs = os.openpty()
    _set_size(theirs, rows, columns)
    os.set_blocking(ours, False)
    return (ours, ours), (theirs, theirs, theirs)


def _pipes() -> tuple[tuple[int, int], tuple[int, int, int]]:
    read_input, given = os.pipe()
    shown, write_output = os.pipe()
    os.set_blocking(given, False)
    os.set_blocking(shown, False)
    return (given, shown), (read_input, write_output, write_output)


def _set_size(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _start(
    argv: Sequence[str], theirs: tuple[int, int, int], environment: Mapping[str, str], errors: bool
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=theirs[0],
        stdout=theirs[1],
        stderr=theirs[2] if errors else subprocess.DEVNULL,
        env={"TERM": DEFAULT_TERM, **environment},
        close_fds=True,
        start_new_session=True,
    )
