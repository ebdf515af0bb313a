"""The figures of one report, found by what they measure, with the sources used so far numbered."""

from collections.abc import Iterable

from commonweal.apps.measurement.api import Indicator, Kind, Measurement
from commonweal.apps.reporting.formats import day, shown
from commonweal.apps.reporting.model import Cell, Source


class Book:
    """Figures and definitions of one reporting month. ``cell`` gives a figure its source number."""

    def __init__(self, figures: Iterable[Measurement], indicators: Iterable[Indicator]) -> None:
        self.figures = list(figures)
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
        return Cell(text, (self.source(figure),), state)

    def source(self, figure: Measurement) -> int:
        """The number under which the report lists where this figure came from."""
        return self._number(source_text(figure), day(figure.as_at))

    def _number(self, text: str, as_at: str) -> int:
        return self._numbers.setdefault((text, as_at), len(self._numbers) + 1)

    def sources(self) -> tuple[Source, ...]:
        """Every source used, by number."""
        return tuple(Source(number, text, as_at) for (text, as_at), number in self._numbers.items())


def source_text(figure: Measurement) -> str:
    """Where a figure came from: file and line as printed, what it was computed by, or the query."""
    place = f"{figure.source_file} line {figure.source_line}" if figure.source_file else ""
    if place and figure.note:
        place = f"{place} ({figure.note.split(';')[0]})"
    if place and figure.kind == Kind.COMPUTED and figure.query:
        return f"Computed: {figure.query}; from {place}"
    return place or f"Query: {figure.query}"
