"""Hostile requests against the site as it is served: each refused in words, and no process grows past its bound."""

import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from tests.server_kills import Site

pytestmark = pytest.mark.long

MOST_MB = 900  # of one process that answers requests, at its highest; the largest body taken is 10 MB
FHIR = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"


def nested() -> str:
    return '{"resourceType":"Patient","extension":' + '[{"extension":' * 50_000 + "[]" + "}]" * 50_000 + "}"


def bundle(entries: int) -> str:
    entry = {
        "resource": {"resourceType": "Patient", "name": [{"family": "x" * 50}]},
        "request": {"method": "POST", "url": "Patient"},
    }
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry] * entries})


def listed(references: int) -> str:
    entries = [{"item": {"reference": f"Patient/{n}"}} for n in range(references)]
    return json.dumps({"resourceType": "List", "status": "current", "mode": "working", "entry": entries})


SQL = "%27%29%20OR%201%3D1%3B%20DROP%20TABLE%20record_resource--"
REQUESTS: tuple[tuple[str, str, str, str, tuple[int, ...]], ...] = (
    ("POST", "/Patient", nested(), FHIR, (400,)),
    ("POST", "/List", listed(10_000), FHIR, (413,)),
    ("POST", "/Patient", json.dumps({"resourceType": "Patient", "name": [{}] * 1_000_000}), FHIR, (422,)),
    ("POST", "/Patient", json.dumps({"resourceType": "Patient"} | {f"k{n}": n for n in range(200_000)}), FHIR, (422,)),
    ("POST", "/Observation", '{"resourceType":"Observation","valueQuantity":{"value":1e999999999}}', FHIR, (400,)),
    ("POST", "/Observation", '{"resourceType":"Observation","valueInteger":' + "9" * 1_000_000 + "}", FHIR, (400,)),
    ("POST", "", bundle(300_000), FHIR, (413,)),  # 50 MB, unread
    ("POST", "", bundle(60_000), FHIR, (413,)),  # under 10 MB, and too many entries
    ("POST", "/Patient/_search", "name=a&" * 300_000, FORM, (413,)),
    ("GET", "/Organization?_count=1000000", "", FHIR, (400,)),
    ("GET", "/Organization?name=" + "a," * 4_000, "", FHIR, (400,)),
    ("GET", "/Organization?_cursor=" + "A" * 4_000, "", FHIR, (400,)),
    ("GET", f"/Organization?_sort={SQL}", "", FHIR, (400,)),
    ("GET", f"/Organization?_include={SQL}", "", FHIR, (400,)),
    ("GET", f"/Organization?_lastUpdated={SQL}", "", FHIR, (400,)),
    ("GET", f"/Organization?name={SQL}&identifier={SQL}&_id={SQL}&_tag={SQL}", "", FHIR, (200, 400)),
    ("GET", f"/Organization?{SQL}=1", "", FHIR, (200,)),
)


@pytest.mark.enable_socket
def test_each_is_refused_in_words_and_memory_is_bounded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Given the site; when it is sent what is meant to break it; then each has its answer, and it goes on as before."""
    site = Site(Path(tmp_path_factory.mktemp("hostile", numbered=True)).resolve(), 8937)
    site.prepare()
    site.start()
    try:
        assert site.ready(400)
        for method, path, body, kind, expected in REQUESTS:
            status, said = ask(site, method, path, body, kind)
            assert status in expected, (method, path[:60], status, str(said)[:300])
            if status != 200:
                assert said["resourceType"] == "OperationOutcome"
                assert said["issue"][0]["diagnostics"]
        assert highest(site) < MOST_MB
        assert ask(site, "GET", "/Organization?name=a", "", FHIR)[0] == 200
    finally:
        site.stop()


def ask(site: Site, method: str, path: str, body: str, kind: str) -> tuple[int, Any]:
    """Status and JSON of the answer; one that comes before all was sent counts."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=300)
    try:
        try:
            sent = {"Authorization": f"Bearer {site.token}", "Content-Type": kind}
            connection.request(method, "/fhir/R4" + path, body or None, sent)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def highest(site: Site) -> int:
    """The most megabytes that any process answering requests has held at once."""
    peaks = [0]
    for process in site.processes("commonweal.cli.web"):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                peaks.append(int(line.split()[1]) // 1024)
    assert len(peaks) > 1
    return max(peaks)
