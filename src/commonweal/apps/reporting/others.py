"""The parts of the report that are not service areas: finance, ratings, priorities, life expectancy."""

from commonweal.apps.measurement.api import Kind, Measurement
from commonweal.apps.reporting.areas import plan_chart, plan_lines, remark_of
from commonweal.apps.reporting.figures import Book
from commonweal.apps.reporting.formats import NONE, capital, period_text
from commonweal.apps.reporting.model import Cell, Check, Fact, Finance, Priorities, Ratings, Table
from commonweal.charts.drawings import Bar, bar_by_category

RATINGS = ("Outstanding", "Good", "Requires improvement", "Inadequate", "Not yet rated")
CLAIM_STATES = ("confirmed", "unconfirmed", "rejected")


def finance(book: Book) -> Finance:
    """Plan against actual, claims by state with the claim as printed and as added up, and figures in the text."""
    codes = book.codes_of("Finance")
    lines = plan_lines(book, codes)
    claims = _claims(book, codes)
    facts = [
        (
            int(one.source_line),
            Fact(book.indicators[code].name, book.cell(one), _period(one), "" if one.value else remark_of(one)),
        )
        for code in codes
        for one in book.of(code, lens="narrative")
        if one.kind == Kind.PRINTED
    ]
    return Finance(
        lines=lines,
        claims=claims,
        facts=tuple(fact for _, fact in sorted(facts, key=lambda pair: pair[0])),
        chart=plan_chart(book, "Finance", "finance", codes),
    )


def _period(figure: Measurement) -> str:
    return capital(period_text(figure.period))


def _claims(book: Book, codes: list[str]) -> Table | None:
    rows = []
    for code in codes:
        figures = {(one.category, one.kind): one for one in book.of(code, lens="claim_state")}
        if not figures:
            continue
        claimed, added = figures.get(("claimed", Kind.PRINTED)), figures.get(("claimed", Kind.COMPUTED))
        parts = (book.cell(figures.get((state, Kind.ACTUAL))) for state in CLAIM_STATES)
        rows.append((Cell(book.indicators[code].name), book.cell(claimed), book.cell(added), *parts))
    if not rows:
        return None
    columns = ("Fund", "Claimed, as printed", "Claimed, added up", *(state.capitalize() for state in CLAIM_STATES))
    checks = (Check("Claimed, as printed", "sum", (3, 4, 5), 1), Check("Claimed, added up", "sum", (3, 4, 5), 2))
    return Table("Claims for reimbursement by state", columns, tuple(rows), numeric=(1, 2, 3, 4, 5), checks=checks)


def ratings(book: Book) -> Ratings:
    """Providers by rating; the drawing shows the share of those rated that are good or outstanding."""
    codes = [code for code in book.codes_of("Quality") if book.of(code, lens="rating")]
    if not codes:
        return Ratings(None, None)
    rows, bars = [], []
    for code in codes:
        figures = {one.category: one for one in book.of(code, lens="rating")}
        counts = {name: int(one.value) for name, one in figures.items() if one.value is not None}
        rated = sum(counts.get(name, 0) for name in RATINGS[:4])
        good = counts.get("Good", 0) + counts.get("Outstanding", 0)
        first = next(iter(figures.values()))
        cells = tuple(book.cell(figures.get(name)) for name in RATINGS)
        rows.append((Cell(book.indicators[code].name), Cell(period_text(first.period)), *cells))
        if rated:
            bars.append(Bar(book.indicators[code].name, good / rated * 100, f"{good} of {rated} rated"))
    table = Table("Providers by rating", ("Provider", "As at", *RATINGS), tuple(rows), numeric=(2, 3, 4, 5, 6))
    chart = bar_by_category(
        name="chart-ratings",
        title="Share of rated providers that are good or outstanding",
        axis="Percentage of those rated",
        heading="Provider",
        ticks=(0, 20, 40, 60, 80, 100),
        bars=bars,
    )
    return Ratings(table, chart)


def priorities(book: Book) -> Priorities:
    """Every priority with its status, and how many stand at each."""
    figures = book.of("transformation_priority")
    if not figures:
        return Priorities("", None, None)
    funding = {one.category: one for one in book.of("transformation_funding")}
    by_status: dict[str, int] = {}
    rows = []
    for one in figures:
        status = "To be confirmed" if one.printed == "tbd" else (one.printed or NONE)
        by_status[status] = by_status.get(status, 0) + 1
        rows.append(
            (
                Cell(one.category),
                Cell(one.note.split("; ")[1]),
                Cell(status, (book.source(one),)),
                book.cell(funding.get(one.category)),
            )
        )
    ordered = sorted(by_status.items(), key=lambda pair: -pair[1])
    summary = ", ".join(f"{count} {status.lower()}" for status, count in ordered)
    table = Table(
        f"System transformation priorities, stocktake of {period_text(figures[0].period)}",
        ("Priority", "Group", "Status", "Funding"),
        tuple(rows),
        numeric=(3,),
    )
    chart = bar_by_category(
        name="chart-priorities",
        title="Transformation priorities by status",
        axis="Number of priorities",
        heading="Status",
        whole=True,
        bars=[Bar(status, float(count), str(count)) for status, count in ordered],
    )
    return Priorities(f"{len(figures)} priorities: {summary}.", table, chart)


def health(book: Book) -> Table | None:
    """Population, life expectancy and its printed gap by area and sex."""
    codes = [
        "population",
        "life_expectancy",
        "life_expectancy_gap",
        "years_in_ill_health",
        "life_expectancy_gap_causes",
    ]
    rows = []
    for code in codes:
        for one in book.of(code):
            words = one.note.split("; ")[1:]
            cell = book.cell(one)
            text = f"{words[0]} {cell.text}" if words else cell.text
            who = {"all": "Everyone"}.get(one.category, one.category.capitalize())
            rows.append(
                (
                    Cell(book.indicators[code].name),
                    Cell(one.footprint),
                    Cell(who),
                    Cell(capital(text), cell.sources, cell.state),
                )
            )
    if not rows:
        return None
    columns = ("Measure", "Area", "Who", "Figure")
    return Table("Population and life expectancy, as published", columns, tuple(rows), numeric=(3,))
