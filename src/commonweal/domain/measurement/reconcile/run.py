"""Reconciliation of a run of sheets: every rule on every table, then the tables against each other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.as_at import done_dates, paper_dates
from commonweal.domain.measurement.reconcile.balances import balances
from commonweal.domain.measurement.reconcile.dates import dates, periods
from commonweal.domain.measurement.reconcile.declared import Relations, declared
from commonweal.domain.measurement.reconcile.derived import derived
from commonweal.domain.measurement.reconcile.facts import facts
from commonweal.domain.measurement.reconcile.figures import view_of
from commonweal.domain.measurement.reconcile.keys import keys
from commonweal.domain.measurement.reconcile.layout import Table, tables
from commonweal.domain.measurement.reconcile.longform import pivots
from commonweal.domain.measurement.reconcile.parts import parts
from commonweal.domain.measurement.reconcile.prose import Text
from commonweal.domain.measurement.reconcile.ranks import impossible, ranks
from commonweal.domain.measurement.reconcile.scales import beyond, negatives, prints, slips
from commonweal.domain.measurement.reconcile.series import running, statistics
from commonweal.domain.measurement.reconcile.shares import add_up, from_counts, within_cells
from commonweal.domain.measurement.reconcile.sheets import Sheet, TableFinding
from commonweal.domain.measurement.reconcile.told import told
from commonweal.domain.measurement.reconcile.totals import totals
from commonweal.domain.measurement.reconcile.views import View

_SENTENCE = 40  # characters from which a cell may be a sentence
_MOST_ROWS = 2_000  # a table of more holds records, not commentary
_TURN = 24  # a table of more rows is not read as one whose rows are variables
_GRAVE = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def reconcile(
    sheets: Iterable[Sheet],
    relations: Sequence[Relations] = (),
    aliases: Mapping[str, str] | None = None,
    texts: Sequence[Text] = (),
) -> list[TableFinding]:
    """Every disagreement in and between the tables of ``sheets``, by file and line.

    ``relations`` are what files declare of themselves; ``aliases`` other names of organisations, in lower case;
    ``texts`` the sentences of papers whose figures the tables hold.
    Nothing raises for what the tables hold; one place is told once a rule, the graver finding first.
    """
    found: list[TableFinding] = []
    read: list[tuple[Table, View]] = []
    order: dict[str, int] = {}
    for sheet in sheets:
        order.setdefault(sheet.file, len(order))
        found += paper_dates(sheet)
        for table in tables(sheet):
            found += _of_table(table)
            found += done_dates(table, sheet)
            view = view_of(table)
            if view is not None:
                found += _of_view(table, view)
                read.append((table, view))
    found += facts(read, aliases or {})
    for text in texts:
        order.setdefault(text.file, len(order))
    found += told([*texts, *(one for table, _ in read for one in _sentences(table))], read, aliases or {})
    found += declared([table for table, _ in read], relations, order)
    return _once(found, order, relations)


def _sentences(table: Table) -> Iterator[Text]:
    """Sentences in the cells of a table, each known to be of what its row is."""
    if len(table.rows) > _MOST_ROWS:
        return
    for c in range(len(table.labels)):
        for r in range(len(table.rows)):
            cell = table.cell(r, c)
            if len(cell) >= _SENTENCE and cell.count(" ") >= 5 and any(map(str.isdigit, cell)):
                row = next((text for text in table.rows[r] if text), "")
                about = (row,) if row is not cell and len(row) < _SENTENCE else ()
                yield Text(table.sheet.file, [(table.lines[r], cell.replace("\n", " "))], table.name(c), about)


def _of_table(table: Table) -> Iterator[TableFinding]:
    yield from within_cells(table)
    yield from impossible(table)
    yield from dates(table)
    yield from periods(table)
    yield from keys(table)
    yield from prints(table)


def _of_view(table: Table, view: View) -> Iterator[TableFinding]:
    turned_out = list(pivots(table, view))
    for pivot in turned_out:
        yield from totals(pivot)
        yield from totals(pivot.turned())
    if not turned_out:
        yield from totals(view)
    yield from derived(view)
    yield from running(view)
    yield from statistics(view)
    yield from parts(view)
    yield from from_counts(view)
    yield from add_up(view)
    yield from ranks(view)
    yield from slips(view)
    yield from negatives(view)
    yield from beyond(view)
    yield from balances(view)
    across = view.turned()
    yield from totals(across)
    yield from statistics(across)
    if len(view.records) <= _TURN:
        yield from derived(across)


def _once(found: list[TableFinding], order: Mapping[str, int], relations: Sequence[Relations]) -> list[TableFinding]:
    """One finding a place and rule, the graver kept; those a file accepts, with its reason, left out."""
    accepted = {(one.file, rule, line) for one in relations for rule, line in one.accepted}
    best: dict[tuple[str, str, str, str], TableFinding] = {}
    for one in found:
        key = (one.file, one.line, one.column, one.rule)
        if (one.file, one.rule, one.line) in accepted:
            continue
        if key not in best or _GRAVE[Severity(one.severity)] > _GRAVE[Severity(best[key].severity)]:
            best[key] = one
    return sorted(
        best.values(), key=lambda one: (order.get(one.file, len(order)), int(one.line) if one.line.isdigit() else 0)
    )
