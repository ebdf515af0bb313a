"""The figures of one report, found by what they measure, with the sources used so far numbered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commonweal.apps.measurement.api import Indicator, Kind, Measurement
from commonweal.apps.reporting.formats import day, period_text, shown
from commonweal.apps.reporting.model import Cell, Restated, Source


@dataclass(frozen=True, slots=True)
class Published:
    """A figure as the newest version that was signed off said it."""

    text: str
    version: int
    on: str


def figure_key(one: Measurement) -> str:
    """What a figure is a figure of, however often it is reported: the same key means the same fact."""
    parts = (one.indicator, one.footprint_kind, one.footprint, one.period, one.lens, one.category, one.kind)
    return "/".join(str(part).replace("/", "_") for part in parts)


class Book:
    """Figures and definitions of one reporting month. ``cell`` gives a figure its source number."""

    def __init__(
        self,
        figures: Iterable[Measurement],
        indicators: Iterable[Indicator],
        published: Mapping[str, Published] | None = None,
    ) -> None:
        self.figures = list(figures)
        self._published = published or {}
        self._used: dict[int, Measurement] = {}
        self._restated: dict[str, Restated] = {}
        self.indicators = {one.code: one for one in indicators}
        self._by_code: dict[str, list[Measurement]] = {}
        for one in self.figures:
            self._by_code.setdefault(one.indicator, []).append(one)
        self._numbers: dict[tuple[str, str], int] = {}

    def of(self, code: str, kind: str | None = None, lens: str | None = None) -> list[Measurement]:
        """Figures of an indicator, in the order of their source lines."""
        found = [
            one
            for one in self._by_code.get(code, [])
            if (kind is None or one.kind == kind) and (lens is None or one.lens == lens)
        ]
        return sorted(found, key=lambda one: (one.source_file, int(one.source_line or 0)))

    def one(self, code: str, kind: str | None = None, lens: str = "all") -> Measurement | None:
        """The first such figure, or None."""
        return next(iter(self.of(code, kind, lens)), None)

    def codes(self) -> list[str]:
        """Indicators that have figures."""
        return list(self._by_code)

    def codes_of(self, service_area: str) -> list[str]:
        """Those of one service area, in the order the papers print them."""
        found = [code for code in self._by_code if code in self.indicators]
        found = [code for code in found if self.indicators[code].service_area == service_area]
        return sorted(found, key=lambda code: (self.of(code)[0].source_file, int(self.of(code)[0].source_line or 0)))

    def cell(self, figure: Measurement | None, *, signed: bool = False) -> Cell:
        """A figure ready to print, with the number of its source."""
        if figure is None:
            return Cell("–")
        text, state = shown(figure, signed=signed)
        number = self.source(figure)
        value = None if state else figure.value
        told = self._restated.get(figure_key(figure))
        if told is None:
            return Cell(text, (number,), state, value, figure.unit)
        note = f"Restated: {told.was} in version {told.version}"
        return Cell(text, (number,), state, value, figure.unit, note, anchor="restated")

    def source(self, figure: Measurement) -> int:
        """The number under which the report lists where this figure came from. The figure counts as used."""
        self._used[id(figure)] = figure
        key = figure_key(figure)
        before = self._published.get(key)
        if before is not None and key not in self._restated:
            now = figure_text(figure)
            if now != before.text:
                name = self.indicators[figure.indicator].name if figure.indicator in self.indicators else ""
                self._restated[key] = Restated(
                    key,
                    name or figure.indicator,
                    period_text(figure.period),
                    before.text,
                    now,
                    before.version,
                    before.on,
                )
        return self._number(source_text(figure), day(figure.as_at))

    def used(self) -> tuple[Measurement, ...]:
        """Every figure the report shows or computed a shown one from, in the order of first use."""
        return tuple(self._used.values())

    def restated(self) -> tuple[Restated, ...]:
        """Figures used that are no longer what a published version said."""
        return tuple(self._restated.values())

    def _number(self, text: str, as_at: str) -> int:
        return self._numbers.setdefault((text, as_at), len(self._numbers) + 1)

    def sources(self) -> tuple[Source, ...]:
        """Every source used, by number."""
        return tuple(Source(number, text, as_at) for (text, as_at), number in self._numbers.items())


def figure_text(figure: Measurement) -> str:
    """A figure alone, as its restatement is told: the text a table prints."""
    return shown(figure)[0]


def source_text(figure: Measurement) -> str:
    """Where a figure came from: file and line as printed, what it was computed by, or the query."""
    place = f"{figure.source_file} line {figure.source_line}" if figure.source_file else ""
    if place and figure.note:
        place = f"{place} ({figure.note.split(';')[0]})"
    if place and figure.kind == Kind.COMPUTED and figure.query:
        return f"Computed: {figure.query}; from {place}"
    return place or f"Query: {figure.query}"
