"""Headlines: sentences written by rule from figures, each naming its rule. A rule with no figure says nothing."""

from collections.abc import Sequence
from decimal import Decimal

from commonweal.apps.reporting.figures import Book
from commonweal.apps.reporting.formats import number
from commonweal.apps.reporting.model import Area, Finance, Headline, Register

RULES = {
    "standards-met": "indicators that met their standard, of those not paused, over all service areas",
    "area-worse-than-plan": "a service area has an indicator whose variance from plan is in the wrong direction",
    "run-rate": "the first line of the finance table: actual against plan",
    "gap-beyond-chance": "the 95% limits of a register's gap between deprivation fifths leave out zero",
    "figures-disagree": "printed figures that are not the ones computed from their neighbours",
    "signal-of-concern": "the newest point of a control chart is a special cause of concerning nature",
    "signal-of-improvement": "the newest point of a control chart is a special cause of improving nature",
    "target-not-capable": "the control limits lie wholly on the wrong side of the target",
    "restated": "a figure differs from what a published version said",
}


def headlines(
    book: Book, service_areas: Sequence[Area], gaps: Sequence[Register], money: Finance, disagreements: int
) -> tuple[Headline, ...]:
    """What a member reads first, each leading to its figures."""
    found: list[Headline] = []
    achieved = sum((one.value or Decimal(0) for one in book.of("kpi_achieved_count")), Decimal(0))
    active = sum((one.denominator or Decimal(0) for one in book.of("kpi_achieved_count")), Decimal(0))
    paused = [area.name for area in service_areas if area.paused]
    if active:
        share = number(achieved / active * 100, places=1)
        text = "indicators met their standard"
        if paused:
            text += f"; reporting is paused for {listed(paused)}"
        found.append(Headline(f"{achieved} of {active} ({share}%)", text, "", "delivery", "standards-met"))
    for area in service_areas:
        worst = [line for line in area.lines if line.judged == "worse"]
        if not worst:
            continue
        named = listed(
            [f"{line.name.lower()} {_change(line.variance_percent.text, line.variance.text)}" for line in worst]
        )
        text = f"worse than plan: {named}"
        found.append(Headline(area.name, text, "worse", f"area-{area.slug}", "area-worse-than-plan"))
    if money.lines:
        first = money.lines[0]
        text = f"{first.name}: {first.actual.text} against {first.plan.text} ({first.variance_percent.text})"
        found.append(Headline(first.variance.text, text, first.judged, "finance", "run-rate"))
    widest = [one for one in gaps if one.system and one.system[0].certain]
    found += [
        Headline(f"{one.system[0].ratio} times", one.summary, "", f"register-{one.slug}", "gap-beyond-chance")
        for one in widest
    ]
    if disagreements:
        noun = "figure disagrees" if disagreements == 1 else "figures disagree"
        text = f"printed {noun} with the one computed"
        found.append(Headline(str(disagreements), text, "", "findings", "figures-disagree"))
    return tuple(found)


def _change(percent: str, absolute: str) -> str:
    return percent if percent != "–" else absolute


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
