"""One pack from one set of figures: for whom, which sections, and what changed since it was published."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.conf import settings

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Indicator, Measurement, State
from commonweal.apps.reporting import selectors
from commonweal.apps.reporting.checking import checked
from commonweal.apps.reporting.figures import Published, figure_key, figure_text, source_text
from commonweal.apps.reporting.formats import day
from commonweal.apps.reporting.model import BoardReport, Headline, Table
from commonweal.apps.reporting.notes import notes
from commonweal.apps.reporting.pack import contents, supplied
from commonweal.apps.reporting.pack.exceptions import exceptions
from commonweal.apps.reporting.pack.model import Figure, Pack, Para, Section
from commonweal.apps.reporting.pack.public import public_summary
from commonweal.apps.reporting.pack.signals import MOST_CHARTS, Signalled, headlines_of, pages, signalled
from commonweal.domain.reporting.audiences import audience, chosen
from commonweal.domain.reporting.openness import DISCLOSURE_CONTROL, PUBLISHED_PAPER


def build(
    period: str,
    who: str = "board",
    sections: Sequence[str] | None = None,
    *,
    published: Mapping[str, Published] | None = None,
    on: date | None = None,
    most_charts: int = MOST_CHARTS,
) -> Pack:
    """The pack of a month for an audience, held to its own tables before it is returned.

    ``sections`` narrows the audience's own; ``published`` maps figure keys to what versions signed off said; ``on``
    is the day it is made (default: today by the care clock). Raises ``UnknownPeriodError`` or ``UnknownPartError``.
    """
    readers = audience(who)
    wanted = chosen(readers, sections)
    report = checked(selectors.board_report(period, published))
    today = on or settings.COMMONWEAL_NOW().date()
    known = {one.code: one for one in measurement.indicators()}
    if readers.code == "public":
        made = public_summary(report)
    else:
        found = signalled(period)
        said = list(report.headlines) + headlines_of(found)
        if report.restated:
            many = len(report.restated)
            text = f"{'figure has' if many == 1 else 'figures have'} changed since a version was published"
            said.append(Headline(str(many), text, "", "restated", "restated"))
        report = replace(report, headlines=_anchored(said, wanted))
        made = _sections(report, found, known, wanted, today, most_charts)
    kept = [figure(one, known) for one in _distinct(report.figures)]
    return Pack(
        period=period,
        month=report.month,
        title=report.title if readers.code != "public" else f"Health and care in {report.month}: a summary",
        audience=readers.code,
        audience_name=readers.name,
        made_on=day(today),
        synthetic=report.synthetic,
        sections=tuple(made) if readers.code == "public" else (_cover(report), *made),
        figures=tuple(one for one in kept if one.basis or readers.code != "public"),
        restated=report.restated,
        findings=len(report.findings),
    )


def _anchored(said: Sequence[Headline], wanted: Sequence[str]) -> tuple[Headline, ...]:
    """Headlines whose figures are printed; one of a section left out would lead nowhere."""
    homes = {
        "area-": "areas",
        "spc-": "signals",
        "register-": "inequality",
        "findings": "data-quality",
        "restated": "data-quality",
    }
    special = {"area-workforce": "workforce", "area-quality": "quality"}

    def home(anchor: str) -> str:
        return special.get(anchor) or next((to for start, to in homes.items() if anchor.startswith(start)), anchor)

    return tuple(one for one in said if home(one.anchor) in wanted)


def _sections(
    report: BoardReport,
    found: Sequence[Signalled],
    known: dict[str, Indicator],
    wanted: Sequence[str],
    today: date,
    most: int,
) -> list[Section]:
    written = {
        "headlines": lambda: [contents.headlines(report)],
        "decisions": lambda: [supplied.decisions(report.period)],
        "exceptions": lambda: exceptions(report, found, notes(report.period), known),
        "delivery": lambda: contents.delivery(report),
        "areas": lambda: contents.areas(report),
        "signals": lambda: pages(found, report.period, most),
        "quality": lambda: contents.quality(report),
        "inequality": lambda: contents.inequality(report),
        "workforce": lambda: [_anchor(contents.workforce(report))],
        "finance": lambda: [contents.finance(report)],
        "priorities": lambda: contents.priorities(report),
        "risks": lambda: [supplied.risks(report.period)],
        "data-quality": lambda: contents.data_quality(report, found),
        "definitions": lambda: [contents.definitions(report, known, today)],
    }
    made = [section for name in wanted if name != "sources" for section in written[name]()]
    if "sources" in wanted:
        made.append(contents.sources(report, _referred(made)))
    return made


def _referred(sections: Sequence[Section]) -> set[int]:
    """The numbers of the sources that these sections refer to."""
    blocks = [block for section in sections for block in section.blocks]
    found = {number for block in blocks if isinstance(block, Para) for number in block.sources}
    tables = [block for block in blocks if isinstance(block, Table)]
    return found | {number for one in tables for row in one.rows for cell in row for number in cell.sources}


def _anchor(section: Section) -> Section:
    """The workforce section under the anchor that headlines of areas lead to."""
    return replace(section, slug="area-workforce")


def _cover(report: BoardReport) -> Section:
    return Section("about-this-pack", "About this pack", 2, tuple(contents.about(report)))


def _distinct(figures: Sequence[Measurement]) -> list[Measurement]:
    """One figure a key: where a fact is printed twice the first counts, as in the tables."""
    found: dict[str, Measurement] = {}
    for one in figures:
        found.setdefault(figure_key(one), one)
    return list(found.values())


def figure(one: Measurement, known: Mapping[str, Indicator]) -> Figure:
    """A measurement as a pack keeps it."""
    indicator = known.get(one.indicator)
    return Figure(
        key=figure_key(one),
        indicator=one.indicator,
        name=indicator.name if indicator is not None else one.indicator,
        unit=one.unit,
        footprint_kind=one.footprint_kind,
        footprint=one.footprint,
        period=one.period,
        lens=one.lens,
        category=one.category,
        kind=str(one.kind),
        value="" if one.value is None else f"{one.value:f}",
        text=figure_text(one),
        state=str(one.state),
        as_at=one.as_at.isoformat() if one.as_at else "",
        source=source_text(one),
        basis=_basis(one),
    )


def _basis(one: Measurement) -> str:
    """On what a figure may be made public: it stands in a public paper, or counts were hidden and rounded."""
    if one.source_file:
        return PUBLISHED_PAPER if one.note.startswith("document ") else ""
    return DISCLOSURE_CONTROL if one.state == State.SUPPRESSED or one.note.startswith("Counts from ") else ""
