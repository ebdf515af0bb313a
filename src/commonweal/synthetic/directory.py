"""The directories beside the reference data: who holds which post, and which services organisations have.

``reference/practitioners.csv`` and ``reference/services.csv``, in the columns that ``commonweal reference`` reads.
"""

from pathlib import Path

from commonweal.synthetic.admissions import DOCTORS, consultant_code
from commonweal.synthetic.community import TEAMS as COMMUNITY_TEAMS
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.mental_health import TEAMS as MENTAL_HEALTH_TEAMS
from commonweal.synthetic.practice_list import JOINED
from commonweal.synthetic.sink import FileEntry, Sink
from commonweal.synthetic.social_care import TEAMS as COUNCIL_TEAMS

PRACTITIONERS = ("code", "name", "role", "organisation", "valid_from", "valid_to")
SERVICES = ("code", "name", "kind", "organisation", "valid_from", "valid_to", "successor")


def write_directory(root: Path, geography: Geography, doctors: list[tuple[str, ...]]) -> list[FileEntry]:
    """Write both files; ``doctors`` are the rows of practices, consultants are each acute trust's."""
    consultants = [
        (consultant_code(n), "Dr {1} {0}".format(*name.split("^")), "Consultant", trust.code, JOINED, "")
        for trust in geography.acute
        for n, name in enumerate(DOCTORS)
    ]
    teams = [
        *((name, kind, geography.community.code) for name, kind in COMMUNITY_TEAMS),
        *((name, kind, geography.mental_health.code) for name, kind in MENTAL_HEALTH_TEAMS),
        *((name, "Adult social care", council.code) for council in geography.councils for name in COUNCIL_TEAMS),
    ]
    services = [
        (f"9{number:09d}", name, kind, organisation, JOINED, "", "")
        for number, (name, kind, organisation) in enumerate(teams, 1)
    ]
    entries = []
    for name, header, rows in (
        ("practitioners", PRACTITIONERS, [*doctors, *consultants]),
        ("services", SERVICES, services),
    ):
        with Sink(root, f"reference/{name}.csv", "reference") as sink:
            sink.table([header], header=True)
            sink.table(rows)
            entries.append(sink.entry())
    return entries
