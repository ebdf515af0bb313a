"""A PDS of made-up people on this machine: the published shapes, and nothing of the real service's data.

People are FHIR Patients, one a line. An NHS number with ``use`` *old* is one that was superseded, and is answered with
the number in force; a Patient with ``active`` false has a number that was withdrawn, and is answered 404. A Patient
labelled R is answered without location, as the service does.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from commonweal.fhir import systems
from commonweal.fhir.demographics import demographics
from commonweal.fhir.normalise import name_key, postcode

LOCATION = ("address", "telecom", "generalPractitioner", "managingOrganization", "contact")


class People:
    """The people a simulator knows."""

    def __init__(self, patients: Iterable[Mapping[str, Any]]) -> None:
        self._patients: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, Mapping[str, Any]] = {}  # restricted people are found by where they live, not shown
        self._now: dict[str, str] = {}
        self._withdrawn: set[str] = set()
        for patient in patients:
            number = demographics(patient).nhs_number
            if patient.get("active") is False:
                self._withdrawn.add(number)
                continue
            self._patients[number], self._whole[number] = _shaped(patient, number), patient
            for identifier in patient.get("identifier", ()):
                if identifier.get("system") == systems.NHS_NUMBER and identifier.get("use") == "old":
                    self._now[identifier["value"]] = number

    def patient(self, number: str) -> tuple[int, dict[str, Any]]:
        """Status and body of *Get patient details*."""
        if number in self._withdrawn:
            return 404, _outcome("not_found", "INVALIDATED_RESOURCE")
        found = self._patients.get(self._now.get(number, number))
        return (200, found) if found else (404, _outcome("not_found", "RESOURCE_NOT_FOUND"))

    def search(self, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of *Search for a patient*: exact, whatever case and accents."""
        if "family" not in query or "birthdate" not in query:
            return 400, _outcome("required", "MISSING_VALUE")
        found = [self._patients[number] for number, patient in self._whole.items() if _matches(patient, query)]
        if len(found) > int(query.get("_max-results", "50")):
            return 200, _outcome("multiple-matches", "TOO_MANY_MATCHES")
        entries = [
            {"fullUrl": f"https://pds.example/Patient/{one['id']}", "search": {"score": 1}, "resource": one}
            for one in found
        ]
        return 200, {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}


def server(people: People, port: int, token: str = "") -> ThreadingHTTPServer:
    """A server of ``people`` on 127.0.0.1; ``port`` 0 takes one that is free. The caller serves and closes it."""
    return ThreadingHTTPServer(("127.0.0.1", port), _handler(people, token))


def _handler(people: People, token: str) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if token and self.headers.get("Authorization") != f"Bearer {token}":
                self._answer(401, _outcome("forbidden", "ACCESS_DENIED"))
                return
            address = urlsplit(self.path)
            parts = [unquote(part) for part in address.path.strip("/").split("/")]
            if parts[-1] == "Patient":
                self._answer(*people.search(dict(parse_qsl(address.query))))
            elif parts[-2:-1] == ["Patient"]:
                self._answer(*people.patient(parts[-1]))
            else:
                self._answer(404, _outcome("not_found", "UNSUPPORTED_SERVICE"))

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_said: object) -> None:
            """An address holds an NHS number or a name: nothing is written down."""

    return Handler


def _shaped(patient: Mapping[str, Any], number: str) -> dict[str, Any]:
    """A Patient as PDS answers one: its id is the number, and a restricted one has no location."""
    labels = patient.get("meta", {}).get("security", [])
    restricted = any(label.get("code") == "R" for label in labels)
    label = {"system": systems.CONFIDENTIALITY, "code": "R" if restricted else "U"}
    kept = {name: value for name, value in patient.items() if not (restricted and name in LOCATION)}
    identifier = {
        "system": systems.NHS_NUMBER,
        "value": number,
        "extension": [
            {
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
                "valueCodeableConcept": {"coding": [{"code": "01", "display": "Number present and verified"}]},
            }
        ],
    }
    return {**kept, "id": number, "identifier": [identifier], "meta": {"versionId": "1", "security": [label]}}


def _matches(patient: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    said = demographics(patient)
    asked = {
        "family": name_key(query["family"]) == name_key(said.family),
        "birthdate": bool(said.birth_date) and query["birthdate"].removeprefix("eq") == str(said.birth_date),
        "given": "given" not in query or name_key(query["given"]) in map(name_key, said.given),
        "gender": query.get("gender", said.gender) == said.gender,
        "address-postalcode": "address-postalcode" not in query
        or postcode(query["address-postalcode"]) == said.postcode,
    }
    return all(asked.values())


def _outcome(code: str, spine: str) -> dict[str, Any]:
    coding = {"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "version": "1", "code": spine}
    issue = {"severity": "error", "code": code, "details": {"coding": [coding]}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
