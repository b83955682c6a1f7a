"""The object routes in memory, with faults on request: what transfers are tested against."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

from tests.client.wires import Pieces, refusal

Fault = Callable[[httpx.Request], httpx.Response | None]
MODIFIED_MS = 1_700_000_000_000


@dataclass
class Upload:
    """An unfinished upload."""

    key: str
    size: int
    part_size: int
    revision: str
    parts: dict[int, bytes] = field(default_factory=dict)


class ObjectApi:
    """Answers like the server. `fault` may answer, or raise, in its place."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self.fault = fault
        self.calls: list[tuple[str, str]] = []
        self.modified_ms = MODIFIED_MS

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        path = unquote(request.url.raw_path.decode().partition("?")[0])
        self.calls.append((request.method, path))
        if self.fault is not None:
            answer = self.fault(request)
            if answer is not None:
                return answer
        match = re.fullmatch(r"/v1/p1/buckets/bkt/(objects|uploads)(?:/(.+))?", path)
        assert match is not None, path
        if match[1] == "uploads":
            return self._upload(request, match[2] or "")
        return self._object(request, match[2]) if match[2] else self._listing(request)

    def puts(self) -> list[str]:
        """Paths that were written, in order."""
        return [path for method, path in self.calls if method == "PUT"]

    def _listing(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        keys = sorted(
            key
            for key in self.objects
            if key.startswith(params.get("prefix", "")) and key > params.get("after", "")
        )
        page = keys[:3]  # small pages, so that paging is used
        items = [
            {
                "key": key,
                "size": len(self.objects[key]),
                "modified_at_ms": self.modified_ms,
                "etag": self._etag(key),
            }
            for key in page
        ]
        more = page[-1] if len(keys) > len(page) else ""
        return httpx.Response(200, json={"objects": items, "prefixes": [], "next_after": more})

    def _object(self, request: httpx.Request, key: str) -> httpx.Response:
        if request.method == "PUT":
            self.objects[key] = request.content
            return httpx.Response(200)
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return httpx.Response(204)
        if key not in self.objects:
            return refusal(404, "ModelArts.2836")
        content = self.objects[key]
        if request.method == "HEAD":
            return httpx.Response(200, headers={"Content-Length": str(len(content))})
        return self.answer_get(request, key, content)

    def answer_get(self, request: httpx.Request, key: str, content: bytes) -> httpx.Response:
        """The bytes, whole or the asked range."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        headers = {"ETag": self._etag(key)}
        if asked is None:
            return httpx.Response(200, stream=Pieces([content]), headers=headers)
        start, last = int(asked[1]), int(asked[2])
        headers["Content-Range"] = f"bytes {start}-{last}/{len(content)}"
        return httpx.Response(206, stream=Pieces([content[start : last + 1]]), headers=headers)

    def _etag(self, key: str) -> str:
        return f'"{hashlib.sha256(self.objects[key]).hexdigest()[:8]}"'

    def _upload(self, request: httpx.Request, rest: str) -> httpx.Response:
        if request.method == "POST" and not rest:
            asked = json.loads(request.content)
            found = Upload(asked["key"], asked["size"], asked["part_size"], asked["revision"])
            wanted = (found.key, found.size, found.part_size, found.revision)
            for upload_id, upload in self.uploads.items():
                if (upload.key, upload.size, upload.part_size, upload.revision) == wanted:
                    return self._shown(upload_id, upload)
            upload_id = f"u{len(self.uploads) + 1}"
            self.uploads[upload_id] = found
            return self._shown(upload_id, found)
        upload_id, _, action = rest.partition("/")
        if upload_id not in self.uploads:
            return refusal(404, "Trainwright.0105")
        upload = self.uploads[upload_id]
        if request.method == "DELETE":
            del self.uploads[upload_id]
        elif action.startswith("parts/"):
            upload.parts[int(action.removeprefix("parts/"))] = request.content
        elif action == "completion":
            self.objects[upload.key] = b"".join(upload.parts[number] for number in sorted(upload.parts))
            assert len(self.objects[upload.key]) == upload.size
            del self.uploads[upload_id]
        return httpx.Response(204)

    def _shown(self, upload_id: str, upload: Upload) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "upload_id": upload_id,
                "key": upload.key,
                "size": upload.size,
                "part_size": upload.part_size,
                "parts": sorted(upload.parts),
            },
        )
