"""The console as it was built, below `/console/`; everyone may read it, and it tells nothing (docs/adr/0034).

Paths that are no file are pages of the console, which finds its way by itself; so they have its first page.
"""

import secrets
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from trainwright.domain.errors import UnknownRoute
from trainwright.server.codings import IDENTITY
from trainwright.server.dependencies import ServicesDep, wiring_of
from trainwright.server.site_files import ASSETS, INDEX, SiteFile
from trainwright.services.context import Services

router = APIRouter(include_in_schema=False)

PLACE = "/console/"
NONCE = "__CSP_NONCE__"
READ = ["GET", "HEAD"]
HTML = "text/html; charset=utf-8"
FOREVER = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOT_BUILT = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trainwright</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="{NONCE}">
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto; padding: 0 1rem;
  color: #1f2329; background: #fff }}
h1 {{ font-size: 1.25rem }} section + section {{ margin-top: 2.5rem }}
@media (prefers-color-scheme: dark) {{ body {{ color: #dfe1e5; background: #17191c }} a {{ color: #7ea6ff }} }}
</style></head><body>
<section><h1>The console has not been built yet</h1>
<p>The server works, its pages are missing. Run <code>make console</code> in the source tree, then load this page
again. The API can be read and tried at <a href="/docs">/docs</a>.</p></section>
<section lang="zh-CN"><h1>控制台尚未构建</h1>
<p>服务器运行正常，但缺少控制台页面。请在源码目录中运行 <code>make console</code>，然后刷新本页。
API 文档与在线调试见 <a href="/docs">/docs</a>。</p></section>
</body></html>
"""


@router.api_route("/", methods=READ)
@router.api_route("/console", methods=READ)
async def lead_in() -> Response:
    """To the console."""
    return RedirectResponse(PLACE, 307, {"Cache-Control": "no-cache"})


@router.api_route("/console/{path:path}", methods=READ)
async def show(path: str, request: Request, ctx: ServicesDep) -> Response:
    """A file of the console, or its first page.

    Raises:
        UnknownRoute: there is no such asset: of another build, perhaps.
    """
    site = wiring_of(request).site
    file = site.find(path)
    if file is not None and path != INDEX:
        return await _file(ctx, request, path, file)
    if path.startswith(ASSETS):
        raise UnknownRoute(path=PLACE + path)
    index = site.find(INDEX)
    if index is None:
        return _page(request, _NOT_BUILT, 503)
    first, _ = index.forms[IDENTITY]
    return _page(request, (await _content(ctx, first, path)).decode(), 200)


def _page(request: Request, text: str, status: int) -> Response:
    """A page with a nonce of its own: only what it brings along itself may set styles inline."""
    nonce = secrets.token_urlsafe(16)
    headers = {
        **_HEADERS,
        "Content-Security-Policy": _POLICY.format(nonce=f" 'nonce-{nonce}'"),
        "Cache-Control": "no-store",
    }
    return _answer(request, text.replace(NONCE, nonce).encode(), status, headers, HTML)


async def _file(ctx: Services, request: Request, path: str, file: SiteFile) -> Response:
    coding = file.best(request.headers.get("accept-encoding", ""))
    place, validator = file.forms[coding]
    headers = {
        **_HEADERS,
        "Content-Security-Policy": _POLICY.format(nonce=""),  # a worker's own is what it has to keep to
        "Cache-Control": FOREVER if file.immutable else "no-cache",
        "ETag": validator,
        "Vary": "Accept-Encoding",
    }
    if validator in (known.strip() for known in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    return _answer(request, await _content(ctx, place, path), 200, headers, file.media_type)


async def _content(ctx: Services, place: Path, path: str) -> bytes:
    try:
        return await ctx.blocking(place.read_bytes)
    except FileNotFoundError as exc:  # a new build has just swept it away
        raise UnknownRoute(path=PLACE + path) from exc


def _answer(request: Request, content: bytes, status: int, headers: dict[str, str], kind: str) -> Response:
    """As GET, but for HEAD without the content, whose length is told all the same."""
    headers["Content-Type"] = kind  # said here: Starlette adds a charset to every text
    if request.method == "HEAD":
        return Response(b"", status, {**headers, "Content-Length": str(len(content))})
    return Response(content, status, headers)
