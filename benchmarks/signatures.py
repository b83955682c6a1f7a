"""What signing costs: signed requests against the same ones with a token, and against an unsigned health check."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from benchmarks.machine import cpu_s
from benchmarks.rows import Row, percentile
from benchmarks.setting import Setting, timed
from tests.e2e.live import LiveServer

SIGNED = "content-type;host;user-agent;x-project-id;x-sdk-date"
EMPTY = hashlib.sha256(b"").hexdigest()
KIND = "application/json"
AGENT = "benchmark"
Call = Callable[[], None]


def run(setting: Setting) -> list[Row]:
    """The three are asked in turn over one kept connection each; server CPU is taken over blocks of one kind."""
    rounds = setting.amount(2000, 200)
    with setting.server("signatures") as live:
        calls = _calls(live)
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                taken[name].append(timed(call))
        assert live.process is not None
        spent = {}
        for name, call in calls.items():
            before = cpu_s(live.process.pid)
            for _ in range(rounds):
                call()
            spent[name] = (cpu_s(live.process.pid) - before) / rounds * 1000
    health, health_cpu = percentile(taken["health"], 0.5), spent["health"]
    rows = [Row("health check, unsigned, p50", health, "ms", note=f"server CPU {health_cpu:.3f} ms")]
    for name, title in (("token", "engines list, token, p50"), ("signed", "engines list, signed, p50")):
        p50, p99 = percentile(taken[name], 0.5), percentile(taken[name], 0.99)
        note = f"p99 {p99:.2f} ms, server CPU {spent[name]:.3f} ms"
        rows.append(Row(title, p50, "ms", peer=health, peer_name="health", note=note))
    rows.append(
        Row(
            "server CPU of verifying one signature",
            spent["signed"] - spent["token"],
            "ms",
            note="signed less token",
        )
    )
    return rows


def _calls(live: LiveServer) -> Mapping[str, Call]:
    path = f"/v2/{live.project_id}/training-job-engines"
    keys = json.loads((live.data_dir / "admin.json").read_text(encoding="utf-8"))
    key, secret = keys["access_key"], keys["secret_key"]
    return {
        "health": partial(_get, _connection(live), "/health", dict),
        "token": partial(_get, _connection(live), path, lambda: {"X-Auth-Token": live.token}),
        "signed": partial(_get, _connection(live), path, partial(_signature, live, path, key, secret)),
    }


def _connection(live: LiveServer) -> http.client.HTTPConnection:
    address = urlsplit(live.url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)


def _get(connection: http.client.HTTPConnection, path: str, headers: Callable[[], dict[str, str]]) -> None:
    connection.request("GET", path, headers=headers())
    with connection.getresponse() as answer:
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")


def _signature(live: LiveServer, path: str, key: str, secret: str) -> dict[str, str]:
    """Headers as the official client makes them (contract §1.2), without its weight."""
    host, date = urlsplit(live.url).netloc, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    values = {
        "content-type": KIND,
        "host": host,
        "user-agent": AGENT,
        "x-project-id": live.project_id,
        "x-sdk-date": date,
    }
    lines = "".join(f"{name}:{value}\n" for name, value in values.items())
    canonical = "\n".join(("GET", path + "/", "", lines, SIGNED, EMPTY))
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    names = {"content-type": "Content-Type", "host": "Host", "user-agent": "User-Agent"}
    sent = {names.get(name, name): value for name, value in values.items()}
    return {
        **sent,
        "Authorization": f"SDK-HMAC-SHA256 Access={key}, SignedHeaders={SIGNED}, Signature={made}",
    }
