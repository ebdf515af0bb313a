"""Writes of the performance app: the published delivery dashboard becomes figures."""

from calendar import month_name
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Finding, Kind, Labels, Measurement, PublishedRow, State, year_to_date
from commonweal.apps.performance import segment_history
from commonweal.apps.performance.series_files import load_series
from commonweal.domain.measurement.planned import YEAR_ON_YEAR, PlanRow, derived, plan_row_figures
from commonweal.domain.measurement.printed import Printed, UnreadableError, pence, read_printed
from commonweal.domain.measurement.variance import achieved, rounded

DEFINITIONS = Path(__file__).with_name("definitions") / "indicators.csv"
COUNTS = frozenset({"staff", "referrals", "admissions", "attendances", "vaccinations", "people", "appointments"})
Figures = tuple[list[Measurement], list[Finding]]


def load_published(directory: Path) -> dict[str, int]:
    """Load every performance table of a folder of published tables.

    Each table replaces what it said before. Returns figures stored by table. Raises ``BadTableError`` naming
    file and line; tables loaded before it stay loaded, and loading again after a fix completes the set.
    """
    labels = measurement.Labels(DEFINITIONS)
    with_plan = {"003_activity_plan_actual", "003_workforce_plan_actual", "003_capacity"}
    definitions = dict(labels.by_code)
    for one in labels.all:
        if one.table in with_plan:
            definitions |= {extra.code: extra for extra in derived(one.indicator)}
        if one.table == "003_activity_plan_actual":
            code = one.indicator.code + YEAR_ON_YEAR
            definitions[code] = replace(
                one.indicator,
                code=code,
                name=f"{one.indicator.name}: change on the year",
                sentence=f"Latest month against the same month a year before. {one.indicator.sentence}",
                unit="percent",
                aggregation="none",
            )
        if one.table == "003_sof_ranks":
            code = one.indicator.code + ".rank"
            definitions[code] = replace(
                one.indicator,
                code=code,
                name=f"{one.indicator.name}: rank",
                sentence=f"Rank among systems, 1 the best. {one.indicator.sentence}",
                unit="rank",
                direction_of_good="lower",
            )
    measurement.register_indicators(list(definitions.values()))
    segment_history.define()
    loaders: dict[str, Callable[[PublishedRow, Labels], Figures]] = {
        "003_delivery_dashboard_service_areas": _service_area,
        "003_activity_plan_actual": _activity,
        "003_workforce_plan_actual": _workforce,
        "003_capacity": _capacity,
        "003_cqc_ratings": _rating,
        "003_sof_ranks": _rank,
        "003_service_headlines": _headline,
        "003_transformation_priorities": _priority,
        "003_population_life_expectancy": _population,
    }
    counts = {}
    seen: dict[tuple[str, str], Measurement] = {}
    for table, loader in loaders.items():
        figures: list[Measurement] = []
        findings: list[Finding] = []
        for row in measurement.published_rows(directory, table):
            try:
                more, found = loader(row, labels)
            except UnreadableError as problem:
                raise measurement.BadTableError(f"{row.file} line {row.line}: {problem}") from problem
            figures += more
            findings += found + [twice for figure in more if (twice := _printed_twice(figure, seen)) is not None]
        counts[table] = measurement.put(f"published:{table}", figures, findings)
    return counts | load_series(directory, labels.by_code)


def _service_area(row: PublishedRow, labels: Labels) -> Figures:
    """Printed share achieved, the indicators counted, and the whole number achieved that the share stands for."""
    share = labels.by_code["kpi_achieved_percent"]
    base = replace(
        row.figure(share, row.document.reported),
        lens="service_area",
        category=row["service_area"],
        note=f"{row.note}; {row['assurance_group']}; printed as {row['service_area_printed']}",
    )
    count, percent = row.printed("kpi_count_printed"), row.printed("printed")
    whole = int(count.value or 0)
    figures = [
        replace(base, kind=Kind.PRINTED, value=percent.value, state=percent.state, printed=percent.text),
        replace(
            base,
            indicator="kpi_count",
            unit="indicators",
            kind=Kind.ACTUAL,
            value=count.value,
            state=percent.state,
            printed=count.text,
        ),
    ]
    if percent.value is None:
        return figures, []
    number, exact = achieved(whole, percent.value)
    figures.append(
        replace(
            base,
            indicator="kpi_achieved_count",
            unit="indicators",
            kind=Kind.COMPUTED,
            value=Decimal(number),
            denominator=Decimal(whole),
            query="whole number of the area's indicators nearest the printed share",
        )
    )
    if exact:
        return figures, []
    again = rounded(Decimal(number) / whole * 100, Decimal("0.1"))
    finding = Finding(
        file=row.file,
        line=str(row.line),
        rule="share-achieved-is-a-whole-number-of-indicators",
        printed=percent.text,
        computed=f"{again:f}",
        difference=f"{percent.value - again:+f}",
        severity=measurement.Severity.ERROR,
        message=f"{row['service_area']}: no whole number of {whole} indicators gives {percent.text}.",
        reported=row.document.reported,
    )
    return figures, [finding]


def _activity(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_activity_plan_actual", row["point_of_delivery"])
    base = row.figure(indicator, year_to_date(row["as_at"]), row["as_at"])
    figures, findings = plan_row_figures(
        PlanRow(
            base,
            indicator.name,
            plan=row.printed("plan_printed", counts=True),
            actual=row.printed("actual_printed", counts=True),
            variance=row.printed("variance_printed", counts=True),
            variance_percent=row.printed("variance_percent_printed"),
        )
    )
    year = row.printed("yoy_percent_printed")
    figures.append(
        replace(
            base,
            indicator=indicator.code + YEAR_ON_YEAR,
            unit="percent",
            period=row["as_at"][:7],
            kind=Kind.PRINTED,
            value=year.value,
            printed=year.text,
            state=year.state,
        )
    )
    return figures, findings


def _workforce(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_workforce_plan_actual", row["item"])
    counts = indicator.unit in COUNTS
    return plan_row_figures(
        PlanRow(
            row.figure(indicator, year_to_date(row["as_at"]), row["as_at"]),
            indicator.name,
            plan=row.printed("plan_printed", counts=counts),
            actual=row.printed("actual_printed", counts=counts),
            variance=row.printed("variance_printed", counts=counts),
        )
    )


def _capacity(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_capacity", row["item"])
    return plan_row_figures(
        PlanRow(
            row.figure(indicator, row["period"] or "not printed"),
            indicator.name,
            plan=row.printed("plan_printed", counts=True),
            actual=row.printed("actual_printed", counts=True),
        )
    )


def _rating(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_cqc_ratings", row["provider_type"])
    cell = row.printed("printed", counts=True)
    inferred = "; rating label inferred, it is lost in the paper" if row["rating_inferred"] == "true" else ""
    base = row.figure(indicator, row["as_at"], row["as_at"])
    return [
        replace(
            base,
            lens="rating",
            category=row["rating"],
            kind=Kind.ACTUAL,
            value=cell.value,
            printed=cell.text,
            state=cell.state,
            note=row.note + inferred,
        )
    ], []


def _rank(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_sof_ranks", row["measure"])
    base = replace(row.figure(indicator, row["period_printed"]), kind=Kind.PRINTED)
    cell = row.printed("printed")
    rank = replace(
        base,
        indicator=indicator.code + ".rank",
        unit="rank",
        value=Decimal(row["rank"]),
        denominator=Decimal(row["rank_of"]),
        printed=row["rank_printed"],
    )
    return [replace(base, value=cell.value, printed=cell.text, state=cell.state), rank], []


def _headline(row: PublishedRow, labels: Labels) -> Figures:
    """A figure printed in a sentence: the transcription holds its number, the print its words."""
    indicator = labels.find(row, "003_service_headlines", row["measure"])
    period = _month(row["period"]) or row["period"] or "not printed"
    compared = f"; compared with {row['compared_with']}" if row["compared_with"] else ""
    words = {">=": "at least", ">": "more than", "<": "less than", "<=": "at most", "~": "about"}
    at_least = f"; {words[row['comparator']]}" if row["comparator"] else ""
    cell = _number_or_words(row["printed"], row["value"])
    base = row.figure(indicator, period)
    figure = replace(
        base,
        lens="headline",
        kind=Kind.ACTUAL if indicator.code in {"gp_appointments", "flu_vaccinations"} else Kind.PRINTED,
        value=cell.value,
        printed=cell.text,
        note=row.note + compared + at_least,
    )
    return [figure], []


def _month(printed: str) -> str:
    """``2020-08`` for ``August 2020``; empty for anything else."""
    name, _, year = printed.partition(" ")
    if name not in month_name or not name or not (len(year) == 4 and year.isdecimal()):
        return ""
    return f"{year}-{list(month_name).index(name):02}"


def _number_or_words(printed: str, transcribed: str) -> Printed:
    """The transcribed number of a sentence; a bare printed number is read again rather than believed."""
    try:
        return read_printed(printed, counts=True)
    except UnreadableError:
        return Printed(printed, Decimal(transcribed) if transcribed else None, State.FINAL, None)


def _priority(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.by_code["transformation_priority"]
    area = row["transformation_area"] or "(name lost in the paper)"
    status = row["stocktake_status"]
    base = replace(
        row.figure(indicator, row["stocktake_date"], row["stocktake_date"]),
        lens="priority",
        category=area,
        note=f"{row.note}; {row['group']}",
        kind=Kind.PRINTED,
    )
    state = State.TO_BE_CONFIRMED if status == "tbd" else State.FINAL
    figures = [replace(base, printed=status, state=state)]
    if row["printed"]:
        money = row.printed("printed")
        figures.append(
            replace(
                base,
                indicator="transformation_funding",
                unit="pence",
                value=None if money.value is None else pence(money.value, "GBP"),
                printed=money.text,
                kind=Kind.PLAN,
            )
        )
    return figures, []


def _population(row: PublishedRow, labels: Labels) -> Figures:
    indicator = labels.find(row, "003_population_life_expectancy", row["measure"])
    words = {">": "; more than", "~": "; about"}
    whole = row["area"] == "ICS"
    base = replace(
        row.figure(indicator, row.document.reported),
        footprint_kind="system" if whole else "place",
        footprint=row.document.footprint if whole else row["area"],
        unit=row["unit"],
        lens="sex" if row["sex"] != "persons" else "all",
        category=row["sex"] if row["sex"] != "persons" else "all",
        kind=Kind.PRINTED,
        value=Decimal(row["value"]),
        printed=row["printed"],
        note=row.note + words.get(row["comparator"], ""),
    )
    return [base], []


def _printed_twice(figure: Measurement, seen: dict[tuple[str, str], Measurement]) -> Finding | None:
    """The finding if an actual printed in two places of the papers is not the same figure."""
    if figure.kind != Kind.ACTUAL or figure.value is None or figure.lens not in {"all", "headline"}:
        return None
    first = seen.setdefault((figure.indicator, figure.period), figure)
    if first.value == figure.value:
        return None
    return Finding(
        file=figure.source_file,
        line=figure.source_line,
        rule="same-figure-in-two-places",
        printed=figure.printed or "",
        computed=first.printed or "",
        difference=f"{figure.value - (first.value or 0):+f}",
        severity=measurement.Severity.WARNING,
        message=f"{figure.indicator} is {figure.printed} here and {first.printed} in {first.source_file} "
        f"line {first.source_line}.",
        reported=figure.reported,
    )
