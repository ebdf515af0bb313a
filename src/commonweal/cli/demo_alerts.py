"""The demonstration's morning: a few hospital messages about people a council team looks after, and their alerts."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from commonweal.synthetic import this_morning

_OTHERS = 5  # people on the worker's list whom no message is about
_SEX = {"female": "F", "male": "M"}


@dataclass(frozen=True, slots=True)
class Morning:
    """Whom the messages are about, as their hospital knows them, and the council's team that looks after them.

    ``own``: the council's numbers of the first of them, of a few others and of the person the demonstration opens, whom
    one worker of the team works with.
    """

    council: str
    team: str
    people: tuple[this_morning.Known, ...]
    own: tuple[str, ...] = ()


def choose(council: str, but: UUID) -> Morning:
    """People in the council's care whom a hospital knows, of the team that has most; no message is about ``but``."""
    from commonweal.apps.access import api as access
    from commonweal.apps.coordination import api as coordination
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places import api as places

    hospitals = {one.ods_code for one in places.organisations("acute")}
    related = access.organisation_relationships(council, kinds=[access.RelationshipKind.UNDER_CARE])
    people = set(identity.people_of(related).values()) - {but}
    by_team: dict[str, list[this_morning.Known]] = defaultdict(list)
    numbers: dict[this_morning.Known, str] = {}
    for person, compartments in identity.compartments_of_many(people).items():
        at_hospital = [one for one, source in compartments.items() if source in hospitals]
        known = next(iter(identity.demographics_of(at_hospital[:1]).values()), None)
        if known is None or known.birth_date is None or known.death_date is not None or not known.number_usable:
            continue
        sex = _SEX.get(known.gender, "U")
        who = (known.source, known.local_id, known.nhs_number, known.family, known.given, known.birth_date)
        found = this_morning.Known(*who, sex)
        at_council = [one for one, source in compartments.items() if source == council]
        numbers[found] = next((one.local_id for one in identity.demographics_of(at_council[:1]).values()), "")
        for team in coordination.teams_of(person, council):
            by_team[team].append(found)
    if not by_team:
        return Morning(council, "", ())
    team = max(sorted(by_team), key=lambda one: len(by_team[one]))
    oldest = sorted(set(by_team[team]), key=lambda one: (one.birth_date, one.source, one.mrn))
    told = oldest[: len(this_morning.STORY)]
    own = [*told[:1], *oldest[len(told) : len(told) + _OTHERS]]
    at_council = [one for one, source in identity.compartments_of(but).items() if source == council]
    opened = [one.local_id for one in identity.demographics_of(at_council[:1]).values()]
    return Morning(council, team, tuple(told), (*(numbers[one] for one in own if numbers[one]), *opened))


def allocate(morning: Morning, worker: str, name: str, folder: Path) -> None:
    """Land the council's list of who works with whom: ``worker``, called ``name``, with some of the team's people."""
    from django.conf import settings

    from commonweal.apps.exchange import api as exchange

    folder.mkdir(exist_ok=True)
    path = folder / f"{morning.council}.csv"
    if not path.exists():
        since = settings.COMMONWEAL_NOW().date() - timedelta(days=60)
        rows = [["PersonId", "AllocationId", "Worker", "WorkerName", "Team", "From", "To"]]
        rows += [
            [number, f"AL{n}", worker, name, morning.team, f"{since:%d/%m/%Y}", ""]
            for n, number in enumerate(morning.own, 1)
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    exchange.land("caseload", [path], morning.council, same_numbering=True)


def tell(morning: Morning, folder: Path) -> int:
    """Land the morning's messages as each hospital's feed and raise what they call for; how many alerts wait.

    Run again, the messages of the first time are landed again, and change nothing.
    """
    from django.conf import settings

    from commonweal.apps.coordination import api as coordination
    from commonweal.apps.exchange import api as exchange

    if not folder.exists():
        folder.mkdir()
        for (number, source), texts in this_morning.messages(morning.people, settings.COMMONWEAL_NOW()).items():
            (folder / number).mkdir(exist_ok=True)
            text = "\n\n".join(texts) + "\n\n"
            (folder / number / f"{source}.hl7").write_text(text, encoding="utf-8", newline="")
    for wave in sorted(folder.iterdir()):
        for path in sorted(wave.iterdir()):
            exchange.land("adt", [path], path.stem)
        while coordination.work_off():
            pass
    return coordination.open_alerts()
