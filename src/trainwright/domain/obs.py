"""Paths of the object store: `obs://bucket/key`, `s3://bucket/key` and `/bucket/key/` mean the same."""

import re
from dataclasses import dataclass

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SCHEMES = ("obs://", "s3://", "/")
KEY_BYTES_MAX = 1024


def is_bucket_name(name: str) -> bool:
    """3 to 63 lower-case letters, digits, dots and dashes, no `..`, letter or digit at both ends."""
    return bool(_BUCKET.fullmatch(name)) and ".." not in name


@dataclass(frozen=True, slots=True, order=True)
class ObsPath:
    """A bucket and a key. A key that ends in `/` (or is empty) names a folder.

    Safe by construction: no empty, `.` or `..` segments, no control characters, no backslash.
    """

    bucket: str
    key: str = ""

    def __post_init__(self) -> None:
        problem = _problem(self.bucket, self.key)
        if problem:
            raise ValueError(problem)

    @classmethod
    def parse(cls, text: str) -> "ObsPath":
        """The path `text` names.

        Raises:
            ValueError: with what is wrong with it, in English, as a half-sentence.
        """
        for scheme in _SCHEMES:
            if text.startswith(scheme):
                bucket, _, key = text.removeprefix(scheme).partition("/")
                return cls(bucket, key)
        raise ValueError("it begins with none of obs://, s3:// and /")

    @property
    def is_folder(self) -> bool:
        """True when the key ends in `/` or is empty."""
        return not self.key or self.key.endswith("/")

    @property
    def name(self) -> str:
        """The last segment, without a trailing slash; the bucket's name at the top."""
        return self.key.rstrip("/").rpartition("/")[2] or self.bucket

    def as_folder(self) -> "ObsPath":
        """The same with a trailing slash."""
        return self if self.is_folder else ObsPath(self.bucket, self.key + "/")

    def join(self, relative: str) -> "ObsPath":
        """`relative` below this folder.

        Raises:
            ValueError: the result would not be a valid path.
        """
        return ObsPath(self.bucket, self.as_folder().key + relative)

    def relative_to(self, folder: "ObsPath") -> str:
        """The rest of the key below `folder`.

        Raises:
            ValueError: it does not lie below.
        """
        prefix = folder.as_folder().key
        if self.bucket != folder.bucket or not self.key.startswith(prefix):
            raise ValueError(f"{self} does not lie under {folder}")
        return self.key[len(prefix) :]

    def __str__(self) -> str:
        return f"obs://{self.bucket}/{self.key}"


def _problem(bucket: str, key: str) -> str:
    if not is_bucket_name(bucket):
        return f"{bucket!r} is not a bucket name"
    if len(key.encode("utf-8", "surrogatepass")) > KEY_BYTES_MAX:
        return f"its key is longer than {KEY_BYTES_MAX} bytes"
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF or char in "\\\x7f" for char in key):
        return "its key holds control characters or a backslash"
    segments = key.removesuffix("/").split("/") if key else []
    if any(segment in ("", ".", "..") for segment in segments):
        return "its key holds an empty, '.' or '..' segment"
    return ""
