"""Small made-up feeds for the landing tests: people who do not exist, in the shapes the partners send."""

import hashlib
import json
import random
from pathlib import Path
from uuid import UUID

from django.db import connection

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SNOMED = "http://snomed.info/sct"


def gp_lines(practice: str, people: int, seed: int = 0, each: int = 9) -> list[str]:
    """Lines of a practice's file: a practitioner, and for each person a Patient and ``each`` more resources."""
    rng = random.Random(f"{practice}{seed}")

    def fresh() -> str:
        return str(UUID(int=rng.getrandbits(128), version=4))

    doctor = fresh()
    lines = [
        json.dumps({"resourceType": "Practitioner", "id": doctor, "name": [{"family": "Shah", "given": ["Asha"]}]})
    ]
    for n in range(people):
        person = fresh()
        lines.append(json.dumps(patient(person, practice, n)))
        for i in range(each):
            lines.append(json.dumps(entry(fresh(), person, doctor, i)))
    return lines


def patient(ident: str, practice: str, n: int = 0, family: str = "Ashworth") -> dict[str, object]:
    return {
        "resourceType": "Patient",
        "id": ident,
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": f"99900{n:05d}"}],
        "name": [{"use": "official", "family": family, "given": ["Vicky"], "prefix": ["Ms"]}],
        "gender": "female",
        "birthDate": f"1950-03-{n % 28 + 1:02d}",
        "address": [{"use": "home", "line": ["1 High Street"], "city": "Town", "postalCode": "ZZ1 1ZZ"}],
        "generalPractitioner": [{"type": "Organization", "identifier": {"system": ODS, "value": practice}}],
    }


def entry(ident: str, person: str, doctor: str, i: int) -> dict[str, object]:
    subject = {"reference": f"Patient/{person}"}
    day = f"2019-{i % 12 + 1:02d}-{i % 28 + 1:02d}"
    if i % 4 == 0:
        return {
            "resourceType": "Condition",
            "id": ident,
            "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            "code": coded(SNOMED, "44054006", "Type 2 diabetes mellitus"),
            "subject": subject,
            "onsetDateTime": day,
        }
    if i % 4 == 1:
        return {
            "resourceType": "Encounter",
            "id": ident,
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": subject,
            "participant": [{"individual": {"reference": f"Practitioner/{doctor}"}}],
            "period": {"start": f"{day}T09:00:00Z", "end": f"{day}T09:10:00Z"},
        }
    if i % 4 == 2:
        return {
            "resourceType": "MedicationRequest",
            "id": ident,
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": coded(SNOMED, "109081006", "Metformin"),
            "subject": subject,
            "authoredOn": day,
            "dosageInstruction": [{"text": "one a day"}],
        }
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": coded(SNOMED, "27113001", "Body weight"),
        "subject": subject,
        "effectiveDateTime": f"{day}T10:00:00Z",
        "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    }


def coded(system: str, code: str, display: str = "") -> dict[str, object]:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(line + "\n" for line in lines))
    return path


def adt_message(trust: str, mrn: str, n: int, event: str, at: str, visit: str, **fields: str) -> str:
    """One ADT message: ``n`` makes its control id, ``at`` is YYYYMMDDHHMM of what happened."""
    family = fields.get("family", "Ashworth")
    discharged = fields.get("discharged", "")
    segments = [
        f"MSH|^~\\&|PAS|{trust}|CW|ICS|{at}||ADT^{event}|{trust}{n:06d}|P|2.4|||||GBR|UNICODE UTF-8",
        f"EVN|{event}|{at}|||{trust}|{at}",
        f"PID|1||{mrn}^^^{trust}^MR||{family}^Vicky^^^Ms||19500311|F|||1 High Street^^Town^^ZZ1 1ZZ",
    ]
    if "merged" in fields:
        segments.append(f"MRG|{fields['merged']}^^^{trust}^MR")
    else:
        pv1 = [""] * 46
        pv1[1:5] = ["1", "I", f"WARD 1^^^{trust}", "21"]
        pv1[19], pv1[44], pv1[45] = visit, fields.get("admitted", at), discharged
        segments.append("PV1|" + "|".join(pv1[1:]))
    return "\r".join(segments) + "\r"


_CONTENT = (
    # by local person and (type, id), not by the numbers the database gave them
    """SELECT s.source, s.feed, coalesce(c.source || '/' || c.local_id, ''), r.type, r.id, r.category,
              r.happened_at::text, encode(r.digest, 'hex'), r.body
       FROM record_resource r JOIN record_source s ON s.id = r.source_id
       LEFT JOIN record_compartment c ON c.id = r.compartment_id WHERE NOT r.deleted ORDER BY r.type, r.id""",
    """SELECT r.type, r.id, t.parameter, t.item, t.system, t.code, c.local_id FROM record_token t
       JOIN record_resource r USING (rid) LEFT JOIN record_compartment c ON c.id = t.compartment_id
       ORDER BY 1, 2, 3, 4, 5, 6""",
    """SELECT r.type, r.id, t.parameter, t.item, t.low::text, t.high::text FROM record_date t
       JOIN record_resource r USING (rid) ORDER BY 1, 2, 3, 4, 5""",
    """SELECT r.type, r.id, t.parameter, t.item, t.value, t.exact FROM record_string t
       JOIN record_resource r USING (rid) ORDER BY 1, 2, 3, 4, 5""",
    """SELECT r.type, r.id, t.parameter, t.item, t.kind, t.target FROM record_reference t
       JOIN record_resource r USING (rid) ORDER BY 1, 2, 3, 4, 6""",
    """SELECT r.type, r.id, t.parameter, t.item, t.low, t.high, t.system, t.code FROM record_number t
       JOIN record_resource r USING (rid) ORDER BY 1, 2, 3, 4, 5""",
    "SELECT source, local_id FROM record_compartment ORDER BY 1, 2",
    "SELECT source, control_id, encode(digest, 'hex') FROM exchange_message ORDER BY 1, 2, 3",
    """SELECT c.local_id, d.family, d.birth_date FROM identity_demographics d
       JOIN record_compartment c ON c.id = d.compartment_id ORDER BY 1, 2""",
    # those that hold at some time: one that ends before it starts was retracted
    """SELECT c.local_id, a.organisation, a.kind, a.starts_at, a.ends_at FROM access_relationship a
       JOIN record_compartment c ON c.id = a.compartment_id
       WHERE a.ends_at IS NULL OR a.ends_at > a.starts_at ORDER BY 1, 2, 3, 4""",
)
_COURSE = (
    "SELECT type, id, version, deleted FROM record_resource ORDER BY 1, 2",
    """SELECT r.type, r.id, h.version, h.body FROM record_history h
       JOIN record_resource r USING (rid) ORDER BY 1, 2, 3""",
    """SELECT source, feed, sha256, state, read, accepted, duplicate, quarantined, resources
       FROM exchange_receipt ORDER BY 1, 2, 3""",
    """SELECT e.source, q.line, q.field, q.rule, q.value, encode(q.raw, 'hex') FROM exchange_quarantine q
       JOIN exchange_receipt e ON e.id = q.receipt_id ORDER BY 1, 2, 3, 4""",
    "SELECT source, feed, files FROM record_source ORDER BY 1, 2",
)


def state(versions: bool = True) -> str:
    """A digest of what is landed; with ``versions`` also of how it came to be: history, receipts, quarantine."""
    parts = []
    with connection.cursor() as cursor:
        for statement in _CONTENT + (_COURSE if versions else ()):
            cursor.execute(statement)
            parts.append(repr(cursor.fetchall()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def empty() -> None:
    """Empty everything that landing writes, as the tables' owner: tests only."""
    import psycopg
    from psycopg import sql

    default = connection.settings_dict
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname=default["NAME"], user="postgres"
    ) as owner:
        # DELETE, in an order that foreign keys allow: on small tables far quicker than TRUNCATE
        for table in (
            "record_resource", "record_history", "record_token", "record_date", "record_string",
            "record_reference", "record_number",
            "record_compartment", "record_source", "exchange_quarantine", "exchange_message", "exchange_meshreceived",
            "exchange_meshsent", "exchange_receipt",
            "exchange_mappingversion", "exchange_notice",
            "identity_demographics", "identity_local_merge", "access_relationship",
        ):  # fmt: skip
            owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
