"""What a job wrote: its outputs as they lie in the object store, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trainwright.client.errors import TransferError
from trainwright.client.sdk.html import fields_html
from trainwright.client.sdk.progress import bytes_to
from trainwright.client.transfers import TransferReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainwright.client.storage import AsyncStorage, Storage
    from trainwright.wire.objects import ObjectItem


class Output:
    """One output. It may be empty: jobs upload while they run, and after they failed, too."""

    def __init__(self, storage: Storage, name: str, uri: str) -> None:
        self._storage = storage
        self.name = name
        self.uri = uri
        """The folder in the object store."""

    def files(self) -> list[ObjectItem]:
        """What lies there now, by key."""
        return list(self._storage.objects(self.uri))

    def download(self, folder: str | Path, *, progress: bool = False) -> TransferReport:
        """Copy what lies there into `folder`, which is made if it is missing; files that are there are replaced.

        Raises:
            TransferError: nothing lies there, or a file cannot be written.
            ApiError, ConnectionFailed: the server refused, or did not answer.
        """
        return self._storage.download(self.uri, folder, progress=bytes_to(progress, self.name))

    def __repr__(self) -> str:
        return f"Output({self.name!r}, {self.uri!r})"


class Outputs(Mapping[str, Output]):
    """A job's outputs by name.

    >>> job.outputs["train_url"].uri
    'obs://bucket/out/'
    >>> job.outputs.download("results")  # each into results/<name>/
    """

    def __init__(self, storage: Storage, uris: Mapping[str, str]) -> None:
        self._items = {name: Output(storage, name, uri) for name, uri in uris.items()}

    def download(
        self, folder: str | Path, name: str | None = None, *, progress: bool = False
    ) -> TransferReport:
        """Copy the output `name` into `folder`, or all of them, each into a folder of its name below it. With all of
        them, those that are empty are left out.

        Raises:
            KeyError: there is no output `name`.
            TransferError: nothing lies there at all, or a file cannot be written.
        """
        if name is not None:
            return self[name].download(folder, progress=progress)
        report = TransferReport()
        for each in self.values():
            if each.files():
                _add(report, each.download(Path(folder) / each.name, progress=progress))
        _check(report, self._items)
        return report

    def __getitem__(self, name: str) -> Output:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Outputs({', '.join(map(repr, self.values()))})"

    def _repr_html_(self) -> str:
        return fields_html({name: each.uri for name, each in self.items()})


class AsyncOutput:
    """As `Output`, awaited."""

    def __init__(self, storage: AsyncStorage, name: str, uri: str) -> None:
        self._storage = storage
        self.name = name
        self.uri = uri
        """The folder in the object store."""

    async def files(self) -> list[ObjectItem]:
        """What lies there now, by key."""
        return [item async for item in self._storage.objects(self.uri)]

    async def download(self, folder: str | Path, *, progress: bool = False) -> TransferReport:
        """Copy what lies there into `folder`; see `Output.download`."""
        return await self._storage.download(self.uri, folder, progress=bytes_to(progress, self.name))

    def __repr__(self) -> str:
        return f"AsyncOutput({self.name!r}, {self.uri!r})"


class AsyncOutputs(Mapping[str, AsyncOutput]):
    """As `Outputs`, with what moves files awaited."""

    def __init__(self, storage: AsyncStorage, uris: Mapping[str, str]) -> None:
        self._items = {name: AsyncOutput(storage, name, uri) for name, uri in uris.items()}

    async def download(
        self, folder: str | Path, name: str | None = None, *, progress: bool = False
    ) -> TransferReport:
        """Copy one output, or all of them; see `Outputs.download`."""
        if name is not None:
            return await self[name].download(folder, progress=progress)
        report = TransferReport()
        for each in self.values():
            if await each.files():
                _add(report, await each.download(Path(folder) / each.name, progress=progress))
        _check(report, self._items)
        return report

    def __getitem__(self, name: str) -> AsyncOutput:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"AsyncOutputs({', '.join(map(repr, self.values()))})"


def _add(whole: TransferReport, part: TransferReport) -> None:
    whole.files += part.files
    whole.bytes += part.bytes
    whole.unchanged += part.unchanged
    whole.left_out += part.left_out


def _check(report: TransferReport, names: Mapping[str, object]) -> None:
    if not names:
        raise TransferError("The job has no outputs")
    if not report.files and not report.unchanged:
        raise TransferError("Nothing lies in the outputs {names} yet", names=", ".join(names))
