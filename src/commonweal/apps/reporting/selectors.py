"""Reads of the reporting app: a board report put together from measurements and nothing else."""

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Measurement
from commonweal.apps.places import api as places
from commonweal.apps.reporting.areas import areas, delivery, health_ranks
from commonweal.apps.reporting.figures import Book
from commonweal.apps.reporting.formats import month, number
from commonweal.apps.reporting.inequality import QUINTILES, registers
from commonweal.apps.reporting.model import Area, BoardReport, Finance, Headline, Register
from commonweal.apps.reporting.others import finance, health, priorities, ratings
from commonweal.domain.errors import CommonwealError


class UnknownPeriodError(CommonwealError):
    """A report was asked for a month that has no figures; the message lists the months that have."""


def latest_period() -> str:
    """The newest month with figures. Raises ``UnknownPeriodError`` when there is none."""
    periods = measurement.reported_periods()
    if not periods:
        raise UnknownPeriodError("no figures yet: load and refresh first")
    return periods[-1]


def board_report(period: str) -> BoardReport:
    """The board report of a month (``2020-10``).

    Reads measurements only. Those about people were put there as they may be released, with small counts hidden
    and the rest rounded; what is hidden stays hidden in every rate and gap.
    Raises ``UnknownPeriodError`` for a month nothing was reported in.
    """
    figures = measurement.get(reported=period)
    if not figures:
        known = ", ".join(measurement.reported_periods()) or "none: run commonweal demo, or load and refresh first"
        raise UnknownPeriodError(f"no figures were reported in {period}; months with figures: {known}")
    book = Book(figures, measurement.indicators())
    names = {one.code: one.name for one in places.footprints()}
    service_areas = areas(book)
    table, chart = delivery(book, service_areas)
    gaps = registers(book, names)
    population, ranks = health(book), health_ranks(book)
    money = finance(book)
    findings = measurement.findings(period)
    counted = {one.footprint for one in figures if one.lens == QUINTILES and one.footprint_kind == "system"}
    return BoardReport(
        period=period,
        month=month(period),
        title=f"Integrated performance and finance report, {month(period)}",
        published_for=_published_for(figures),
        population_of=", ".join(sorted(names.get(code, code) for code in counted)),
        disclosure=next((one.note for one in figures if one.lens == QUINTILES), ""),
        synthetic=bool(settings.COMMONWEAL_SYNTHETIC),
        headlines=_headlines(book, service_areas, gaps, money, len(findings)),
        delivery=table,
        delivery_chart=chart,
        areas=service_areas,
        registers=gaps,
        health=population,
        health_ranks=ranks,
        finance=money,
        ratings=ratings(book),
        priorities=priorities(book),
        findings=tuple(findings),
        sources=book.sources(),
    )


def _published_for(figures: Sequence[Measurement]) -> str:
    """Whose published figures these are."""
    return ", ".join(sorted({one.footprint for one in figures if one.source_file and one.footprint_kind == "system"}))


def _headlines(
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
            text += f"; reporting is paused for {_listed(paused)}"
        found.append(Headline(f"{achieved} of {active} ({share}%)", text, "", "delivery"))
    for area in service_areas:
        worst = [line for line in area.lines if line.judged == "worse"]
        if not worst:
            continue
        named = _listed(
            [f"{line.name.lower()} {_change(line.variance_percent.text, line.variance.text)}" for line in worst]
        )
        found.append(Headline(area.name, f"worse than plan: {named}", "worse", f"area-{area.slug}"))
    if money.lines:
        first = money.lines[0]
        text = f"{first.name}: {first.actual.text} against {first.plan.text} ({first.variance_percent.text})"
        found.append(Headline(first.variance.text, text, first.judged, "finance"))
    widest = [one for one in gaps if one.system and one.system[0].certain]
    found += [Headline(f"{one.system[0].ratio} times", one.summary, "", f"register-{one.slug}") for one in widest]
    if disagreements:
        noun = "figure disagrees" if disagreements == 1 else "figures disagree"
        found.append(Headline(str(disagreements), f"printed {noun} with the one computed", "", "findings"))
    return tuple(found)


def _change(percent: str, absolute: str) -> str:
    return percent if percent != "–" else absolute


def _listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
