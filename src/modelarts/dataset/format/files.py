"""Small text files, on this machine or in the object store."""

from pathlib import Path
from typing import Literal

from modelarts.exception import INVALID_PATH, InvalidArgument, translated
from modelarts.session import Session
from trainwright.client import ApiError, parse_path

SaveMode = Literal["w", "a"]
_SCHEMES = ("obs://", "s3://")
_NOT_FOUND = 404


def read_bytes(path: str, session: Session | None) -> bytes:
    """The content of a file of this machine, or of an object.

    Raises:
        InvalidArgument: it is not there, or an OBS path comes without a session.
        ModelArtsError: it cannot be read.
    """
    with translated():
        if not path.startswith(_SCHEMES):
            file = Path(path).expanduser()
            if not file.is_file():
                raise InvalidArgument(f"There is no file {path} on this machine.", error_code=INVALID_PATH)
            return file.read_bytes()
        place = parse_path(path)
        try:
            return _with(session, path).storage.client.read_object(place.bucket, place.key)
        except ApiError as exc:
            if exc.status == _NOT_FOUND:
                raise InvalidArgument(f"There is no object {path}.", error_code=INVALID_PATH) from None
            raise


def write_bytes(path: str, content: bytes, session: Session | None, mode: SaveMode = "w") -> None:
    """Write a file or an object whole; with mode `a` behind what is there.

    Raises:
        InvalidArgument: another mode, or an OBS path without a session.
        ModelArtsError: it cannot be written.
    """
    if mode not in ("w", "a"):
        raise InvalidArgument(f"save_mode must be 'w' or 'a', not {mode!r}.")
    with translated():
        if not path.startswith(_SCHEMES):
            file = Path(path).expanduser()
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab" if mode == "a" else "wb") as target:
                target.write(content)
            return
        place, client = parse_path(path), _with(session, path).storage.client
        if mode == "a":
            content = _present(path, session) + content
        client.write_object(place.bucket, place.key, content)


def _present(path: str, session: Session | None) -> bytes:
    try:
        return read_bytes(path, session)
    except InvalidArgument:
        return b""


def _with(session: Session | None, path: str) -> Session:
    if session is None:
        raise InvalidArgument(f"{path} is in the object store: give session=Session().")
    return session
