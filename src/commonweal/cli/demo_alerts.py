"""The demonstration's morning: a few hospital messages about people a council team looks after, and their alerts."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from commonweal.synthetic import this_morning

_SEX = {"female": "F", "male": "M"}


@dataclass(frozen=True, slots=True)
class Morning:
    """Whom the messages are about, as their hospital knows them, and the council's team that looks after them."""

    team: str
    people: tuple[this_morning.Known, ...]


def choose(council: str, but: UUID) -> Morning:
    """People in the council's care whom a hospital knows, of the team that has most of them; never ``but``."""
    from commonweal.apps.access import api as access
    from commonweal.apps.coordination import api as coordination
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places import api as places

    hospitals = {one.ods_code for one in places.organisations("acute")}
    related = access.organisation_relationships(council, kinds=[access.RelationshipKind.UNDER_CARE])
    people = set(identity.people_of(related).values()) - {but}
    by_team: dict[str, list[this_morning.Known]] = defaultdict(list)
    for person, compartments in identity.compartments_of_many(people).items():
        at_hospital = [one for one, source in compartments.items() if source in hospitals]
        known = next(iter(identity.demographics_of(at_hospital[:1]).values()), None)
        if known is None or known.birth_date is None or known.death_date is not None or not known.number_usable:
            continue
        sex = _SEX.get(known.gender, "U")
        who = (known.source, known.local_id, known.nhs_number, known.family, known.given, known.birth_date)
        for team in coordination.teams_of(person, council):
            by_team[team].append(this_morning.Known(*who, sex))
    if not by_team:
        return Morning("", ())
    team = max(sorted(by_team), key=lambda one: len(by_team[one]))
    oldest = sorted(set(by_team[team]), key=lambda one: (one.birth_date, one.source, one.mrn))
    return Morning(team, tuple(oldest[: len(this_morning.STORY)]))


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
