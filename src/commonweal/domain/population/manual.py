"""The reference page of registers and measures, written from the declarations themselves."""

from collections.abc import Iterable, Sequence

from commonweal.domain.measurement.disclosure import Profile
from commonweal.domain.population.calendar import AGE_BANDS
from commonweal.domain.population.codelists import ListedCode
from commonweal.domain.population.declarations import (
    DECLARATIONS,
    FOOTPRINTS,
    LENSES,
    lists_of,
    sentence,
)


def page(codes: Sequence[ListedCode], profiles: Iterable[Profile]) -> str:
    """``docs/reference/registers.md`` as Markdown."""
    parts = [
        "# Registers and measures",
        "Written from `commonweal.domain.population.declarations` by `commonweal.domain.population.manual`; a test "
        "fails if it is out of date. Each declaration gives both the sentence below and the queries that count it. "
        "What a declaration means in every case it knows of is a table in `tests/spec/test_registers.py`, which a "
        "plain-Python reference and DuckDB must both agree with.",
        f"Each is counted for every footprint ({', '.join(FOOTPRINTS)}) through one lens at a time "
        f"({', '.join(LENSES)}). Age bands are {', '.join(band for _, band in AGE_BANDS)}, by month of birth; "
        "deprivation quintile 1 is the most deprived fifth of small areas in England. A practice that has merged "
        "counts for its successor's network and place.",
    ]
    for declared in DECLARATIONS:
        parts += [f"## {declared.title}", f"`{declared.name}`, in {declared.unit}. {sentence(declared)}"]
        listed = [code for code in codes if code.list in lists_of(declared)]
        if listed:
            rows = [f"| {c.list} | {c.code} | {c.term} | {_dates(c)} | {c.source} |" for c in listed]
            parts.append("\n".join(["| list | code | term | counts | source |", "|---|---|---|---|---|", *rows]))
    parts += [
        "## Code lists of your own",
        "A CSV file in the folder `codelists` of the installation's home replaces the list of its name. `code,term` is "
        "enough of a header; `system`, `valid_from`, `valid_to` and `source` may be given. Codes are read as text.",
        "## What is released",
    ]
    parts += [
        f"From {one.valid_from.isoformat()}: {one.sentence} ({one.source}.)"
        for one in profiles
        if one.data_set == "population"
    ]
    parts.append("Exact counts stay in the lake. `compare_with_truth` reads them, for synthetic data.")
    return "\n\n".join(parts) + "\n"


def _dates(code: ListedCode) -> str:
    until = f" to {code.valid_to.isoformat()}" if code.valid_to else ""
    return f"from {code.valid_from.isoformat()}{until}"
