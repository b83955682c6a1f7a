"""Durable submissions a second: accepted jobs, counted again after `kill -9` of the server."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from benchmarks.machine import cpu_s
from benchmarks.rows import Row, at_least, at_most
from benchmarks.setting import Setting
from tests.e2e.live import LiveServer

CLIENTS = 8


def run(setting: Setting) -> list[Row]:
    """The machine's only place is taken first, so that submissions alone are measured and not the jobs' start."""
    count = setting.amount(2000, 200)
    with setting.server("submissions", POOL__CPUS="1") as live:
        live.create(live.body("holder", command="sleep 3600"))
        template = live.body("template", command="true")
        assert live.process is not None
        cpu_before, began = cpu_s(live.process.pid), time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            shares = pool.map(lambda n: _submit(live, template, n, count // CLIENTS), range(CLIENTS))
            accepted = sum(shares)
        rate = accepted / (time.perf_counter() - began)
        cpu_ms = (cpu_s(live.process.pid) - cpu_before) / accepted * 1000
        live.kill()
        live.start()
        total = live.call("POST", "/v2/{P}/training-job-searches", json={"limit": 1}).json()["total"]
        lost = accepted + 1 - total
    return [
        Row("durable submissions", rate, "1/s", at_least(200), note=f"{accepted} by {CLIENTS} clients"),
        Row("server CPU for one submission", cpu_ms, "ms", note="with its events, and looks at what waits"),
        Row("accepted, then lost by kill -9", lost, "jobs", at_most(0)),
    ]


def _submit(live: LiveServer, template: dict[str, object], client: int, count: int) -> int:
    """http.client, since a heavier client would measure itself on two cores."""
    address = urlsplit(live.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    headers = {"X-Auth-Token": live.token, "Content-Type": "application/json"}
    accepted = 0
    for number in range(count):
        body = json.dumps({**template, "metadata": {"name": f"submission-{client}-{number}"}})
        connection.request("POST", f"/v2/{live.project_id}/training-jobs", body, headers)
        with connection.getresponse() as answer:
            answer.read()
            accepted += answer.status == 201
    connection.close()
    return accepted
