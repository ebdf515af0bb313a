"""A small made-up world for the alert tests: a hospital, a council with two teams, a practice, and people they know."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from commonweal.feeds.cld import HEADER
from tests.landing_files import patient, write_lines

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOSPITAL, COUNCIL, OTHER, PRACTICE = "RXX", "QCC", "QDD", "A81001"
BORN = date(1950, 3, 11)
_FILES = count(1)


def nhs_number(n: int) -> str:
    """A number in the range kept for tests that passes the check."""
    for tail in range(n * 10, n * 10 + 10):
        digits = f"999{tail:06d}"
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
        if check != 10:
            return digits + str(check % 11)
    raise ValueError(n)


def stamp(moment: datetime) -> str:
    """YYYYMMDDHHMM of the hospital's wall clock."""
    return f"{moment.astimezone(ZoneInfo('Europe/London')):%Y%m%d%H%M}"


def adt(n: int, person: int, event: str, at: datetime, **fields: str) -> str:
    """One message about a person of this world; ``n`` makes its control id.

    ``ward``, ``left`` (PV1-36), ``died`` (PID-30), ``death`` (PID-29), ``cancels`` (EVN-6), ``kind`` (PV1-2), ``mrn``,
    ``merged``; ``admitted`` and ``discharged`` as stamps.
    """
    mrn = fields.get("mrn", f"M{person}")
    pid = [""] * 31
    pid[1], pid[3] = "1", f"{nhs_number(person)}^^^NHS^NH~{mrn}^^^{HOSPITAL}^MR"
    pid[5], pid[7], pid[8] = f"Ashworth{person}^Vicky^^^Ms", f"{BORN:%Y%m%d}", "F"
    pid[29], pid[30] = fields.get("death", ""), fields.get("died", "")
    segments = [
        f"MSH|^~\\&|PAS|{HOSPITAL}|CW|ICS|{stamp(at)}||ADT^{event}|C{n:06d}|P|2.4|||||GBR|UNICODE UTF-8",
        f"EVN|{event}|{stamp(at)}||||{fields.get('cancels') or stamp(at)}",
        "PID|" + "|".join(pid[1:]),
    ]
    if "merged" in fields:
        segments.append(f"MRG|{fields['merged']}^^^{HOSPITAL}^MR")
    else:
        pv1 = [""] * 46
        pv1[1:5] = ["1", fields.get("kind", "I"), f"{fields.get('ward', 'WARD 1')}^^^{HOSPITAL}", "21"]
        pv1[19], pv1[36] = f"V{person}{fields.get('visit', '')}", fields.get("left", "")
        pv1[44], pv1[45] = fields.get("admitted", ""), fields.get("discharged", "")
        segments.append("PV1|" + "|".join(pv1[1:]))
    return "\r".join(segments) + "\r"


def cld_row(person: int, event: str, reference: str, start: date, end: date | None = None, team: str = "") -> str:
    """One row of the council's feed."""
    cells = dict.fromkeys(HEADER, "")
    cells |= {
        "LA Code": COUNCIL, "Reporting Period Start Date": "01/01/2026", "Reporting Period End Date": "31/03/2026",
        "LA Person Unique Identifier": f"L{person}", "NHS Number": nhs_number(person), "Client Type": "Service User",
        "Date of Birth": f"{BORN:%d/%m/%Y}", "Gender": "Female", "Given Name": "Vicky",
        "Family Name": f"Ashworth{person}", "Primary Support Reason": "Physical Support", "Event Type": event,
        "Event Reference": reference, "Event Start Date": f"{start:%d/%m/%Y}",
        "Event End Date": f"{end:%d/%m/%Y}" if end else "", "Service Type": "Home Support", "Team": team,
    }  # fmt: skip
    return ",".join(cells[name] for name in HEADER)


def of_practice(person: int) -> dict[str, object]:
    """The practice's Patient."""
    body = patient(f"00000000-0000-4000-8000-00000000000{person}", PRACTICE, family=f"Ashworth{person}")
    body["identifier"] = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number(person)}]
    return body | {"birthDate": BORN.isoformat()}


def registered_death(person: int, at: datetime | None) -> dict[str, object]:
    """The practice's Patient once the death is formally registered; alive again for None."""
    if at is None:
        return of_practice(person)
    status = {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-DeathNotificationStatus", "code": "2"}]}
    extension = {
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus",
        "extension": [{"url": "deathNotificationStatus", "valueCodeableConcept": status}],
    }
    return of_practice(person) | {"deceasedDateTime": at.isoformat(), "extension": [extension]}


def land(folder: Path) -> None:
    """Everything known before any message: people 1 to 4 at the council, 1 and 5 at the practice, all at the hospital.

    1 has a service of the North team and a referral in progress; 2 a service of no team; 3 only a service that ended
    long ago; 4 a service of a team without accounts; 5 is not known to social care.
    """
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places.models import OrganisationRow

    for code, kind in ((HOSPITAL, "acute"), (COUNCIL, "council"), (OTHER, "council"), (PRACTICE, "practice")):
        OrganisationRow.objects.get_or_create(
            ods_code=code, valid_from=date(2000, 1, 1), defaults={"name": f"Org {code}", "kind": kind}
        )
    year = timedelta(days=365)
    today = NOW.date()
    rows = [
        cld_row(1, "Service", "S1", today - year, team="North"),
        cld_row(1, "Request", "R1", today - timedelta(days=9), team="North"),
        cld_row(2, "Service", "S2", today - year),
        cld_row(3, "Service", "S3", today - 3 * year, today - 2 * year),
        cld_row(4, "Service", "S4", today - year, team="Nowhere"),
    ]
    council = write_lines(folder / f"{COUNCIL}.csv", [",".join(HEADER), *rows])
    exchange.land("cld", [council], COUNCIL)
    lines = [json.dumps(of_practice(person)) for person in (1, 5)]
    exchange.land("gp", [write_lines(folder / f"{PRACTICE}.ndjson", lines)], PRACTICE)
    long_ago = NOW - 2 * year
    stays = [adt(900_000 + n, n, "A28", long_ago) for n in (1, 2, 3, 4, 5)]
    send(folder, stays)
    identity.identify()


def send(folder: Path, messages: list[str]) -> None:
    """Land messages as a file; the outbox is filled as the listener fills it."""
    from commonweal.apps.exchange import api as exchange

    number = next(_FILES)
    path = folder / f"m{number}.hl7"
    path.write_text("\n".join(messages) + "\n" * number)  # no two files are the same file, whatever they say
    exchange.land("adt", [path], HOSPITAL, same_numbering=True)
