"""A partner's system as the bulk tests play it: over HTTP in the web role, the worker in the batch role."""

import json
from typing import Any

from django.db import connection

BASE = "/fhir/R4/"


def run_jobs() -> None:
    """Do every job that waits, as the worker does, and come back."""
    from commonweal.apps.exchange import api as exchange

    connection.close()
    exchange.work(stalled=10, heartbeat=2, wait=False, stopping=1)


class Partner:
    """One account's requests."""

    def __init__(self, token: str) -> None:
        from django.test import Client

        self._client = Client(SERVER_NAME="127.0.0.1")
        self._token = token

    def ask(self, method: str, address: str, headers: dict[str, str], **more: Any) -> Any:
        path = address.removeprefix("http://127.0.0.1")
        path = path if path.startswith(BASE) else BASE + path
        connection.close()
        connection.settings_dict["USER"] = "commonweal_app"
        try:
            sent = {"Authorization": f"Bearer {self._token}", **headers}
            response: Any = self._client.generic(method, path, headers=sent, **more)
            if response.streaming:
                response.kept = b"".join(response.streaming_content)
                response.close()
            return response
        finally:
            connection.close()
            connection.settings_dict["USER"] = "commonweal_batch"

    def get(self, address: str, **headers: str) -> Any:
        return self.ask("GET", address, {"Accept": "application/fhir+json", **headers})

    def delete(self, address: str) -> Any:
        return self.ask("DELETE", address, {})

    def post(self, address: str, body: bytes, kind: str = "application/fhir+ndjson", **headers: str) -> Any:
        return self.ask("POST", address, {"Prefer": "respond-async", **headers}, data=body, content_type=kind)

    def bytes(self, address: str) -> bytes:
        response = self.get(address, Accept="application/fhir+ndjson")
        assert response.status_code == 200, response.content
        assert response["Content-Type"] == "application/fhir+ndjson"
        kept: bytes = response.kept
        return kept

    def exported(self, address: str, parameters: Any = None, Prefer: str = "respond-async") -> dict[str, Any]:  # noqa: N803 - a header's name
        """The manifest of an export asked for and done."""
        if parameters is None:
            asked = self.get(address, Prefer=Prefer)
        else:
            asked = self.post(address, json.dumps(parameters).encode(), "application/fhir+json")
        assert asked.status_code == 202, asked.content
        run_jobs()
        return self.manifest(asked["Content-Location"])

    def manifest(self, where: str) -> dict[str, Any]:
        ready = self.get(where)
        assert ready.status_code == 200, (ready.status_code, ready.content)
        return json.loads(ready.content)  # type: ignore[no-any-return]

    def lines(self, manifest: dict[str, Any], kind: str, group: str = "output") -> list[dict[str, Any]]:
        """The resources of a type in a manifest's files."""
        return [
            json.loads(line)
            for one in manifest[group]
            if one["type"] == kind
            for line in self.bytes(one["url"]).splitlines()
        ]
