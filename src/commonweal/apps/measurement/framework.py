"""The outcomes framework as stored: loaded from the papers' tables, linked to indicators, read for a day."""

import csv
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

from django.db import transaction

from commonweal.apps.measurement.models import AimLinkRow, AimRow, MeasurementRow, PublishedCellRow
from commonweal.apps.measurement.published import BadTableError, PublishedRow, published_rows
from commonweal.apps.measurement.selectors import indicators
from commonweal.domain.measurement.framework import Aim, Framework, Gaps, Link, gaps, in_force

_FIELDS = ("kind", "code", "name", "parent", "place", "valid_from", "valid_to", "source_file", "source_line", "note")
_LINK_FIELDS = ("aim_kind", "aim", "indicator", "valid_from", "valid_to", "note")


def load_framework(directory: Path, links: Path) -> dict[str, int]:
    """Load the framework a folder of published tables holds, and the file that links it to indicators.

    In force from the day the paper was put to its board. Nodes by level. Raises ``BadTableError``.
    """
    aims = read_aims(directory)
    read = _links(links)
    with transaction.atomic():
        for day in {one.valid_from for one in aims}:
            AimRow.objects.filter(valid_from=day).delete()
        AimRow.objects.bulk_create([AimRow(**{name: getattr(one, name) for name in _FIELDS}) for one in aims])
        AimLinkRow.objects.all().delete()
        AimLinkRow.objects.bulk_create(
            [AimLinkRow(**{name: getattr(one, name) for name in _LINK_FIELDS}) for one in read]
        )
    counts: dict[str, int] = defaultdict(int)
    for one in aims:
        counts[one.kind] += 1
    return {**counts, "links": len(read)}


def read_aims(directory: Path) -> list[Aim]:
    """Domains, ambitions, outcomes, measures and objectives as the tables print them."""
    found: dict[tuple[str, str], Aim] = {}

    def add(kind: str, code: str, name: str, parent: str, row: PublishedRow, note: str = "") -> None:
        if (kind, code) not in found:
            place, day = len(found), row.document.met
            found[kind, code] = Aim(kind, code, name, parent, place, day, None, row.file, str(row.line), note)

    for row in published_rows(directory, "003_outcomes_framework"):
        domain, ambition = _slug(row["domain"]), _slug(row["ambition"])
        inferred = "inferred: the print does not place it" if row["ambition_inferred"] == "true" else ""
        add("domain", domain, row["domain"], "", row)
        add("ambition", ambition, row["ambition"], domain, row, inferred)
        add("outcome", row["outcome_id"], row["system_level_outcome"], ambition, row)
    used = set()
    for row in published_rows(directory, "003_outcome_measures"):
        used.add(row["metric_id_inferred"])
        code = f"{row['outcome_id']}.{row['seq']}"
        add("measure", code, row["measure_printed"], row["outcome_id"], row, row["metric_id_inferred"])
    for row in published_rows(directory, "003_health_inequality_metrics"):
        if row["metric_id"] not in used:
            add("measure", row["metric_id"], row["metric"], "", row, row["metric_id"])
    for row in published_rows(directory, "003_strategic_objectives"):
        add("objective", row["objective_id"], row["objective"], _area(row["area_for_action"]), row, row["horizon"])
    return list(found.values())


def _metric_areas() -> dict[str, set[str]]:
    """Area for action → ids of the metrics that the papers print in it, from the stored table."""
    found: dict[str, set[str]] = defaultdict(set)
    row: dict[str, str] = {}
    for cell in PublishedCellRow.objects.filter(table__file="003_health_inequality_metrics.csv").order_by(
        "row", "place"
    ):
        row = row if cell.place else {}
        row[str(cell.place)] = cell.printed
        if cell.place == 5:  # source, line, metric_id, theme, area_no, area_for_action
            found[_area(row["5"])].add(row["2"])
    return dict(found)


def framework_on(day: date) -> Framework:
    """The framework in force on a day."""
    aims = [Aim(*row) for row in AimRow.objects.order_by("valid_from", "place").values_list(*_FIELDS)]
    links = [Link(*row) for row in AimLinkRow.objects.order_by("id").values_list(*_LINK_FIELDS)]
    return in_force(aims, links, indicators(), day)


def framework_gaps(framework: Framework) -> Gaps:
    """Where the framework is broken, by the definitions and figures there are."""
    measured = set(MeasurementRow.objects.order_by().values_list("indicator", flat=True).distinct())
    every = [one for one in indicators() if "." not in one.code]
    return gaps(framework, every, measured, _metric_areas())


def _links(path: Path) -> list[Link]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    try:
        return [
            Link(
                row["aim_kind"], row["aim"], row["indicator"], date.fromisoformat(row["valid_from"]), None, row["note"]
            )
            for row in rows
        ]
    except (KeyError, ValueError) as problem:
        raise BadTableError(
            f"{path.name}: a link needs aim_kind, aim, indicator, valid_from and note: {problem}"
        ) from problem


def _area(text: str) -> str:
    """An area for action as both tables can agree on: they print & and "and", enable and enabled."""
    words = re.findall(r"[a-z]+", text.lower())
    same = {"increases": "increase"}
    return " ".join(same.get(one, one) for one in words if one not in {"and", "general"})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80]
