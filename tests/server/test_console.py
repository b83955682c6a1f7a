"""The built console over HTTP: which file, in which form, with which headers; what users' bytes may do beside it."""

import asyncio
import gzip
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.server.test_app import check_shape
from tests.server.test_routes import log_of
from tests.server.world import PROJECT, ServerWorld
from trainwright.server.codings import IDENTITY
from trainwright.server.openapi import describe
from trainwright.server.site_files import Site, SiteFile

pytestmark = pytest.mark.anyio

INDEX = """<!doctype html><html><head><meta name="csp-nonce" content="__CSP_NONCE__">
<style nonce="__CSP_NONCE__">body{margin:0}</style>
<script type="module" src="/console/assets/main-abc123.js"></script></head><body></body></html>"""
SCRIPT = b"console.log('hello')\n" * 50
FOREVER = "public, max-age=31536000, immutable"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


@pytest.fixture
def site(world: ServerWorld, tmp_path: Path) -> Path:
    """A console as the build leaves it, with a secret beside it."""
    folder = tmp_path / "site"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    script = folder / "assets" / "main-abc123.js"
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(b"brotli would be here")
    (folder / "assets" / "font-1.woff2").write_bytes(b"font")
    (tmp_path / "secret.key").write_text("secret")
    world.app.state.wiring = replace(world.app.state.wiring, site=Site(folder))
    return folder


def policy_of(answer: httpx.Response) -> dict[str, str]:
    """The content security policy by directive."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize(
    "path", ["", "jobs", "jobs/1/logs", "objects/b/folder/a.txt", "index.html", "%2e%2e"]
)
async def test_every_page_is_the_first_page(world: ServerWorld, site: Path, path: str) -> None:
    """Guards links that people send each other, and the nonce: in the header and wherever the page names it."""
    async with world.client(token="") as nobody:
        answers = [await nobody.get(f"/console/{path}") for _ in range(2)]
    nonces = set()
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["cache-control"] == "no-store"
        policy = policy_of(answer)
        nonce = re.fullmatch(r"'self' 'nonce-([\w-]{20,})'", policy.pop("style-src"))
        assert nonce and policy == POLICY
        assert answer.text == INDEX.replace("__CSP_NONCE__", nonce[1])
        nonces.add(nonce[1])
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.headers.get_list("content-security-policy")) == 1
    assert len(nonces) == 2


async def test_the_root_leads_there(world: ServerWorld, site: Path) -> None:
    """Guards the address people type."""
    async with world.client(token="") as nobody:
        for path in ("/", "/console"):
            answer = await nobody.get(path)
            assert (answer.status_code, answer.headers["location"]) == (307, "/console/")
        check_shape(await nobody.post("/console/"), 405, "Trainwright.0003")
    assert not any(path.startswith("/console") or path == "/" for path in describe(world.app)["paths"])


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("br;q=0,gzip;q=0.000", IDENTITY),
        ("identity, br;q=0.9", IDENTITY),
        ("*", "br"),
        ("*;q=0, gzip", "gzip"),
        ("BR", "br"),
        ("gzip;q=x, br;q=2", IDENTITY),
        ("identity;q=0", IDENTITY),  # there is always this way out
        ("", IDENTITY),
        ("deflate", IDENTITY),
    ],
)
async def test_the_form_the_browser_takes(world: ServerWorld, site: Path, accepted: str, coding: str) -> None:
    """Guards negotiation: the best of what is accepted, told apart by caches, the same type in every form."""
    path = "/console/assets/main-abc123.js"
    async with world.client(token="") as nobody:
        async with nobody.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        expected = {"br": b"brotli would be here", "gzip": gzip.compress(SCRIPT), IDENTITY: SCRIPT}[coding]
        assert answer.headers.get("content-encoding", IDENTITY) == coding
        assert raw[:4] == expected[:4] and len(raw) == len(expected) == int(answer.headers["content-length"])
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == FOREVER
        assert answer.headers["vary"] == "Accept-Encoding"
        assert policy_of(answer) == {**POLICY, "style-src": "'self'"}
        known = {"Accept-Encoding": accepted, "If-None-Match": f'"x", {answer.headers["etag"]}'}
        again = await nobody.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]


async def test_validators_tell_forms_apart(world: ServerWorld, site: Path) -> None:
    """Guards caches: what is known of one form says nothing of another."""
    path = "/console/assets/main-abc123.js"
    async with world.client(token="") as nobody:
        tags = {
            (await nobody.head(path, headers={"Accept-Encoding": name})).headers["etag"]
            for name in ("gzip", "")
        }
    assert len(tags) == 2


async def test_head_is_get_without_the_content(world: ServerWorld, site: Path) -> None:
    """Guards HEAD for pages and files."""
    async with world.client(token="") as nobody:
        for path in ("/console/", "/console/favicon.svg", "/console/assets/font-1.woff2"):
            full, head = await nobody.get(path), await nobody.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert int(head.headers["content-length"]) == len(full.content)
            assert head.headers["content-type"] == full.headers["content-type"]
        assert full.headers["content-type"] == "font/woff2"
        icon = await nobody.get("/console/favicon.svg")
        assert (icon.headers["content-type"], icon.headers["cache-control"]) == ("image/svg+xml", "no-cache")


async def ask_literally(world: ServerWorld, target: str) -> tuple[str, str]:
    """Head and body of the answer to a request whose target nobody tidies up before it is sent."""
    async with world.live() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
    return head, body


@pytest.mark.parametrize(
    "path",
    [
        "assets/gone-1.js",
        "assets/",
        "assets/main-abc123.js.br",
        "assets/main-abc123.js.gz",
        "assets/../../secret.key",
        "assets/..%2f..%2fsecret.key",
        "assets/%2e%2e/%2e%2e/secret.key",
        "assets/..\\..\\secret.key",
        "assets//etc/passwd",
        "assets/main-abc123.js%00",
    ],
)
async def test_nothing_but_the_build_is_served(world: ServerWorld, site: Path, path: str) -> None:
    """Guards files beside the console, and pages from being taken for scripts of another build."""
    head, body = await ask_literally(world, f"/console/{path}")
    assert head.startswith("HTTP/1.1 404 ") and json.loads(body)["error_code"] == "Trainwright.0002"


@pytest.mark.parametrize("path", ["../secret.key", "..%2fsecret.key", "%2e%2e/secret.key", "/etc/passwd"])
async def test_no_way_leads_out(world: ServerWorld, site: Path, path: str) -> None:
    """Guards the same outside of the assets, where anything is a page of the console."""
    _, body = await ask_literally(world, f"/console/{path}")
    assert "<!doctype html>" in body and "secret" not in body and "root:" not in body


@pytest.mark.parametrize("path", [".stamp", ".git/config", "assets/.stamp"])
async def test_what_begins_with_a_dot_is_not_served(world: ServerWorld, site: Path, path: str) -> None:
    """Guards what a build leaves for itself."""
    hidden = site / path
    hidden.parent.mkdir(exist_ok=True)
    hidden.write_text("of the build")
    async with world.client(token="") as http:
        assert "of the build" not in (await http.get(f"/console/{path}")).text


async def test_a_new_build_is_seen_at_once(world: ServerWorld, site: Path) -> None:
    """Guards development: new names are found, old ones are gone, forms that were added later are used."""
    async with world.client(token="") as nobody:
        assert (await nobody.get("/console/assets/main-abc123.js")).status_code == 200
        (site / "assets" / "main-abc123.js").rename(site / "assets" / "main-def456.js")
        (site / "index.html").write_text(INDEX.replace("abc123", "def456"))
        assert "def456" in (await nobody.get("/console/")).text
        assert (await nobody.get("/console/assets/main-def456.js")).content == SCRIPT
        check_shape(await nobody.get("/console/assets/main-abc123.js"), 404, "Trainwright.0002")
        later = gzip.compress(SCRIPT)
        (site / "assets" / "main-def456.js.gz").write_bytes(later)
        os.utime(site / "assets", (1, 1))
        head = await nobody.head("/console/assets/main-def456.js", headers={"Accept-Encoding": "gzip"})
        assert head.headers["content-encoding"] == "gzip"
        (site / "index.html").unlink()
        assert (await nobody.get("/console/")).status_code == 503


async def test_what_to_do_when_it_was_not_built(world: ServerWorld, tmp_path: Path) -> None:
    """Guards a checkout without the console: a page that says so in both languages, by the same strict rules."""
    world.app.state.wiring = replace(world.app.state.wiring, site=Site(tmp_path / "none"))
    async with world.client(token="") as nobody:
        answer = await nobody.get("/console/jobs")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert answer.text.count("make console") == 2 and "控制台尚未构建" in answer.text
        assert "__CSP_NONCE__" not in answer.text and "<script" not in answer.text
        assert policy_of(answer)["default-src"] == "'none'"
        check_shape(await nobody.get("/console/assets/x.js"), 404, "Trainwright.0002")


HARMLESS = "default-src 'none'; frame-ancestors 'none'; sandbox"
EVIL = b"<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('/v1/session')</script></svg>"


async def test_bytes_of_users_are_no_pages(world: ServerWorld) -> None:
    """Guards our origin: HTML and SVG out of buckets and logs run no script with the reader's cookie."""
    job = await log_of(world, EVIL)
    async with world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/data")
        for key in ("evil.svg", "evil.html", "页 面.html"):
            place = f"/v1/{PROJECT}/buckets/data/objects/{key}"
            await client.put(place, content=EVIL, headers={"Content-Type": "text/html"})
            for answer in (
                await client.get(place),
                await client.get(place, headers={"Range": "bytes=0-3"}),
                await client.head(place),
            ):
                assert answer.headers["content-type"] == "application/octet-stream"
                check_harmless(answer)
            saved = (await client.get(place)).headers["content-disposition"]
            assert saved == f"attachment; filename*=UTF-8''{quote(key)}"
        log = f"/v2/{PROJECT}/training-jobs/{job}/tasks/worker-0/logs/content"
        shown = await client.get(log)
        assert (shown.content, shown.headers["content-type"]) == (EVIL, "text/plain; charset=utf-8")
        check_harmless(shown)
        for path in (f"/v2/{PROJECT}/training-jobs/{job}", "/nothing", "/health"):  # answers and errors alike
            check_harmless(await client.get(path))


def check_harmless(answer: httpx.Response) -> None:
    """Each header once, and as it must be."""
    for name, value in (
        ("content-security-policy", HARMLESS),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        assert answer.headers.get_list(name) == [value]


def test_the_best_form_of_a_file_without_forms() -> None:
    """Guards files that are not compressed: fonts, images."""
    file = SiteFile("font/woff2", True, {IDENTITY: (Path("x"), '"1"')})
    assert file.best("br, gzip, identity;q=0") == IDENTITY
