"""Reads of the reporting app: a board report put together from measurements and nothing else."""

from collections.abc import Mapping, Sequence

from django.conf import settings

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Measurement
from commonweal.apps.places import api as places
from commonweal.apps.reporting.areas import areas, delivery, health_ranks
from commonweal.apps.reporting.figures import Book, Published
from commonweal.apps.reporting.formats import month
from commonweal.apps.reporting.headlines import headlines
from commonweal.apps.reporting.inequality import QUINTILES, registers
from commonweal.apps.reporting.model import BoardReport
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


def board_report(period: str, published: Mapping[str, Published] | None = None) -> BoardReport:
    """The board report of a month (``2020-10``). ``published`` maps figure keys to what versions signed off said.

    Reads measurements only. Those about people were put there as they may be released, with small counts hidden
    and the rest rounded; what is hidden stays hidden in every rate and gap.
    Raises ``UnknownPeriodError`` for a month nothing was reported in.
    """
    figures = measurement.get(reported=period)
    if not figures:
        known = ", ".join(measurement.reported_periods()) or "none: run commonweal demo, or load and refresh first"
        raise UnknownPeriodError(f"no figures were reported in {period}; months with figures: {known}")
    book = Book(figures, measurement.indicators(), published)
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
        headlines=headlines(book, service_areas, gaps, money, len(findings)),
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
        figures=book.used(),
        restated=book.restated(),
    )


def _published_for(figures: Sequence[Measurement]) -> str:
    """Whose published figures these are."""
    return ", ".join(sorted({one.footprint for one in figures if one.source_file and one.footprint_kind == "system"}))
