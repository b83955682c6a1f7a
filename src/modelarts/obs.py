"""`session.obs`: copying between this machine and the object store.

Paths of the store begin with `obs://`; folders end in `/` on both sides (`ModelArts.2791` otherwise). A failure is
answered, not raised: a dict with `error_code` and `error_msg`. After success neither is in the answer.

An interrupted upload goes on where it was when it is called again.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelarts.arguments import as_text
from modelarts.exception import (
    INVALID_PATH,
    TRANSFER_FAILED,
    InvalidArgument,
    TransferFailed,
    obs_answer,
    raising,
)
from modelarts.progress import ProgressLine
from trainwright.client import ApiError, TransferError, TransferOptions, TransferReport, parse_path

if TYPE_CHECKING:
    from modelarts.session import Session

Answer = dict[str, Any]

SIZE_MAX = 5 << 30
"""Objects that are larger are not downloaded by these helpers; `trainwright obs cp` does it."""
_NOT_FOUND = 404
_PROJECT_PART = 8


class Obs:
    """The helpers of one session."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._storage = session.storage
        self._client = session.storage.client

    @obs_answer
    def upload_file(self, src_local_file: str | Path, dst_obs_dir: str) -> Answer:
        """Copy a file; it keeps its name below `dst_obs_dir`."""
        source, target = _local("src_local_file", src_local_file), _obs_folder("dst_obs_dir", dst_obs_dir)
        if not source.is_file():
            raise _missing("src_local_file", source, "file")
        self._upload(source, target)
        return {}

    @obs_answer
    def upload_dir(self, src_local_dir: str | Path, dst_obs_dir: str) -> Answer:
        """Copy a folder under its own name: what is in `/home/u/` comes to lie below `dst_obs_dir` + `u/`.

        Folders without files are not created. What cannot be copied (links out of the folder, sockets, …) is listed
        in the answer as `left_out`.
        """
        source, target = _local("src_local_dir", src_local_dir), _obs_folder("dst_obs_dir", dst_obs_dir)
        if not source.is_dir():
            raise _missing("src_local_dir", source, "folder")
        name = source.absolute().name  # its own, also when it is a link to a folder of another one
        name = source.resolve().name if name == ".." else name
        if not name:
            raise _missing("src_local_dir", source, "folder with a name")
        report = self._upload(source, f"{target}{name}/")
        return _left_out(report)

    @obs_answer
    def download_file(self, src_obs_file: str, dst_local_dir: str | Path) -> Answer:
        """Copy an object into the folder `dst_local_dir` when that ends in `/` or is a folder, else to that file.

        An object over 5 GB is refused.
        """
        source, target = _obs_path("src_obs_file", src_obs_file), _local("dst_local_dir", dst_local_dir)
        if source.endswith("/"):
            raise _bad_path("src_obs_file", src_obs_file, "it ends in a slash, so it is no object")
        place = parse_path(source)
        listed = self._client.list_objects(place.bucket, prefix=place.key, limit=1).objects
        size = next((item.size for item in listed if item.key == place.key), None)
        if size is None:
            raise TransferFailed(
                f"{source} does not exist.",
                error_code=TRANSFER_FAILED,
                error_solution="session.obs.list_objects(path) lists what there is; download_dir copies folders.",
            )
        if size > SIZE_MAX:
            raise TransferFailed(
                f"{source} is larger than 5 GB.",
                error_code=TRANSFER_FAILED,
                error_solution=f"Use `trainwright obs cp {source} <file>`.",
            )
        if str(dst_local_dir).endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        self._download(source, target)
        return {}

    @obs_answer
    def download_dir(self, src_obs_dir: str, dst_local_dir: str | Path) -> Answer:
        """Copy a folder under its own name: what lies below `obs://b/a/` comes to lie in `dst_local_dir` + `a/`.

        Objects over 5 GB are left out and listed in the answer as `left_out`; the others are copied.
        """
        source = _obs_folder("src_obs_dir", src_obs_dir)
        folder = _local("dst_local_dir", dst_local_dir)
        if isinstance(dst_local_dir, str) and not dst_local_dir.endswith("/"):
            raise _bad_path("dst_local_dir", dst_local_dir, "a folder must end in a slash")
        target = folder / parse_path(source).name
        report = self._download(source, target, TransferOptions(size_max=SIZE_MAX))
        return _left_out(report)

    @raising
    def is_obs_path_exists(self, path: str) -> bool:
        """Whether there is such a bucket, such an object, or anything below such a folder (with or without `/`).

        Raises:
            InvalidArgument: not a path of the store.
            ModelArtsError: the server could not be asked.
        """
        place = parse_path(_obs_path("path", path))
        try:
            if not place.key:
                self._client.list_objects(place.bucket, limit=1)
                return True
            exact = self._client.list_objects(place.bucket, prefix=place.key, limit=1).objects
            if exact and (place.is_folder or exact[0].key == place.key):
                return True
            below = self._client.list_objects(place.bucket, prefix=place.as_folder().key, limit=1)
            return bool(below.objects)
        except ApiError as exc:
            if exc.status == _NOT_FOUND:
                return False
            raise

    @raising
    def get_default_bucket(self) -> str:
        """`obs://<bucket>` of the bucket that is this project's for whatever has no place of its own; it is created
        when it is missing.
        """
        bucket = f"modelarts-{self._session.project_id[:_PROJECT_PART].lower().strip('-')}"
        self._storage.ensure_bucket(bucket)
        return f"obs://{bucket}"

    @obs_answer
    def create_bucket(self, bucket: str) -> Answer:
        """Create a bucket: `name` or `obs://name`."""
        self._client.create_bucket(_bucket(bucket))
        return {}

    @obs_answer
    def delete_bucket(self, bucket: str) -> Answer:
        """Delete an empty bucket."""
        self._client.delete_bucket(_bucket(bucket))
        return {}

    @obs_answer
    def delete_object(self, path: str) -> Answer:
        """Delete an object, or everything below a folder that ends in `/`; a whole bucket is refused."""
        place = parse_path(_obs_path("path", path))
        if not place.key:
            raise InvalidArgument(
                f"path: {path!r} names a bucket, no object in it.",
                error_code=INVALID_PATH,
                error_solution=f"To empty the bucket: trainwright obs rm -r obs://{place.bucket}/",
            )
        self._storage.remove(path)
        return {}

    @obs_answer
    def list_objects(self, path: str) -> list[str]:
        """The full paths of all objects that begin with `path`, in order."""
        place = parse_path(_obs_path("path", path))
        found = self._client.iter_objects(place.bucket, prefix=place.key)
        return [f"obs://{place.bucket}/{item.key}" for item in found]

    def upload_data(self, bucket_path: str, path: str | Path) -> Answer:
        """See `Session.upload_data`."""
        if isinstance(path, str | Path) and Path(path).expanduser().is_dir():
            return self.upload_dir(path, _from_bucket_path(bucket_path))
        return self.upload_file(path, _from_bucket_path(bucket_path))

    def download_data(self, bucket_path: str, path: str | Path) -> Answer:
        """See `Session.download_data`."""
        if str(bucket_path).endswith("/"):
            return self.download_dir(_from_bucket_path(bucket_path), _with_slash(path))
        return self.download_file(_from_bucket_path(bucket_path), path)

    def _upload(self, source: Path, target: str) -> TransferReport:
        with ProgressLine("Uploading") as progress:
            return self._storage.upload(source, target, progress=progress)

    def _download(self, source: str, target: Path, options: TransferOptions | None = None) -> TransferReport:
        with ProgressLine("Downloading") as progress:
            return self._storage.download(source, target, options=options, progress=progress)


def _obs_path(name: str, path: str) -> str:
    path = as_text(name, path, error_code=INVALID_PATH)
    if not path.startswith(("obs://", "s3://")):
        raise _bad_path(name, path, "it must begin with obs://")
    try:
        parse_path(path)
    except TransferError as exc:
        raise _bad_path(name, path, str(exc.slots.get("detail", exc))) from None
    return path


def _obs_folder(name: str, path: str) -> str:
    if not _obs_path(name, path).endswith("/"):
        raise _bad_path(name, path, "a folder must end in a slash")
    return path


def _bad_path(name: str, path: str, detail: str) -> InvalidArgument:
    return InvalidArgument(
        f"{name}: {path!r} is not a valid path: {detail}.",
        error_code=INVALID_PATH,
        error_solution="Use obs://bucket/folder/ for folders and obs://bucket/key for objects.",
    )


def _local(name: str, path: str | Path) -> Path:
    text = as_text(name, path, error_code=INVALID_PATH)
    if not text:
        raise InvalidArgument(
            f"{name} is empty.", error_code=INVALID_PATH, error_solution="Write . for the folder you are in."
        )
    return Path(text).expanduser()


def _with_slash(path: str | Path) -> str | Path:
    return path.rstrip("/") + "/" if isinstance(path, str) and path else path


def _missing(name: str, path: Path, kind: str) -> InvalidArgument:
    remedy = "Check the path; a relative one begins where the script was started."
    if path.is_dir():
        remedy = "It is a folder: use upload_dir."
    elif path.is_file():
        remedy = "It is a file: use upload_file."
    return InvalidArgument(
        f"{name}: there is no {kind} {path} on this machine.", error_code=INVALID_PATH, error_solution=remedy
    )


def _bucket(text: str) -> str:
    return as_text("bucket", text).removeprefix("obs://").removeprefix("s3://").strip("/")


def _from_bucket_path(path: str) -> str:
    """`/bucket/dir/` as the other helpers take it."""
    return f"obs:/{path}" if isinstance(path, str) and path.startswith("/") else path


def _left_out(report: TransferReport) -> Answer:
    return {"left_out": [f"{name}: {why}" for name, why in report.left_out]} if report.left_out else {}
