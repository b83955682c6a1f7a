"""Paths of the object store: `obs://bucket/key`, `s3://bucket/key` and `/bucket/key/` mean the same."""

import re
from dataclasses import dataclass

from trainwright.domain.texts import Language, Text

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SCHEMES = ("obs://", "s3://", "/")
KEY_BYTES_MAX = 1024
_NO_SCHEME = Text("it begins with none of obs://, s3:// and /", "应以 obs://、s3:// 或 / 开头")
_BAD_BUCKET = Text("its bucket name is not valid", "桶名无效")
_KEY_TOO_LONG = Text(f"its key is longer than {KEY_BYTES_MAX} bytes", f"对象键超过 {KEY_BYTES_MAX} 字节")
_BAD_CHARACTER = Text("its key holds control characters or a backslash", "对象键含有控制字符或反斜杠")
_BAD_SEGMENT = Text("its key holds an empty, '.' or '..' segment", "对象键含有空、“.” 或 “..” 路径段")


class BadObsPath(ValueError):
    """Not a path of the object store. `text` says what is wrong with it, as a half-sentence in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.render(Language.EN, {}))
        self.text = text


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
        if problem is not None:
            raise BadObsPath(problem)

    @classmethod
    def parse(cls, text: str) -> "ObsPath":
        """The path `text` names.

        Raises:
            BadObsPath: it names none.
        """
        for scheme in _SCHEMES:
            if text.startswith(scheme):
                bucket, _, key = text.removeprefix(scheme).partition("/")
                return cls(bucket, key)
        raise BadObsPath(_NO_SCHEME)

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
            BadObsPath: the result would not be a valid path.
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


def _problem(bucket: str, key: str) -> Text | None:
    if not is_bucket_name(bucket):
        return _BAD_BUCKET
    if len(key.encode("utf-8", "surrogatepass")) > KEY_BYTES_MAX:
        return _KEY_TOO_LONG
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF or char in "\\\x7f" for char in key):
        return _BAD_CHARACTER
    segments = key.removesuffix("/").split("/") if key else []
    if any(segment in ("", ".", "..") for segment in segments):
        return _BAD_SEGMENT
    return None
