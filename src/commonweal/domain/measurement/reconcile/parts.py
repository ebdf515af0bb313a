"""Parts that are more than their whole: rows labelled of which, under the row they are part of."""

from collections.abc import Iterator

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.labels import ADDITIVE, TOTALS, Role
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View


def parts(view: View) -> Iterator[TableFinding]:
    """Findings on rows that are part of the row above them and larger than it."""
    whole, inside = -1, False
    for r, role in enumerate(view.record_roles):
        if role is Role.OF_WHICH:
            inside = not np.isfinite(view.value[r]).any()
            if not inside and whole >= 0:
                yield from _larger(view, r, whole)
        elif role in TOTALS or not np.isfinite(view.value[r]).any():
            whole, inside = (r if role in TOTALS else whole), False
        elif inside and whole >= 0:
            yield from _larger(view, r, whole)
        else:
            whole = r


def _larger(view: View, part: int, whole: int) -> Iterator[TableFinding]:
    for f, role in enumerate(view.field_roles):
        one, all_of = float(view.value[part, f]), float(view.value[whole, f])
        if role not in ADDITIVE | TOTALS or view.percent[part, f] or not (np.isfinite(one) and all_of >= 0):
            continue
        if one > all_of + view.step[part, f] / 2 + view.step[whole, f] / 2:
            words = f"it is part of {view.records[whole]}, which is"
            yield finding(view, part, f, "part-is-not-more-than-whole", all_of, words, severity=Severity.ERROR)
