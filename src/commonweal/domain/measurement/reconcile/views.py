"""One table as arrays: figures with their precision by record and field, so that a rule is written once.

A view has records (rows) and fields (columns). ``turned`` swaps them: every relation between columns then reads as
one between rows, and a total column as a total row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from commonweal.domain.measurement.reconcile.labels import Role, role

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.int8]
Place = tuple[int, str]
_TURN = 1000  # rows beyond which nobody lays a table out with its variables as rows


@dataclass(frozen=True)
class View:
    """Arrays are (records, fields). ``half`` is what rounding may hide in a figure, ``step`` its last digit's worth.

    ``scale`` is what the print was multiplied by; ``text(r, f)`` the cell as printed and ``place(r, f)`` its line
    and column. ``blocks`` number the stretches of records between headings. ``columns_are_records`` in a turned view.
    """

    file: str
    title: str
    records: tuple[str, ...]
    fields: tuple[str, ...]
    record_roles: tuple[Role, ...]
    field_roles: tuple[Role, ...]
    value: Floats
    half: Floats
    step: Floats
    places: npt.NDArray[np.int16]
    scale: Floats
    percent: Flags
    kind: Kinds
    blocks: npt.NDArray[np.int64]
    text: Callable[[int, int], str]
    place: Callable[[int, int], Place]
    columns_are_records: bool = False
    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def exact(self) -> Flags:
        """Figures that are not rounded: counts, and money to the penny."""
        return np.asarray(self.half == 0)

    def turned(self) -> "View":
        """The same table with rows and columns swapped."""
        flip: dict[str, Any] = {
            name: getattr(self, name).T for name in ("value", "half", "step", "places", "scale", "percent", "kind")
        }
        text, place = self.text, self.place
        return replace(
            self,
            records=self.fields,
            fields=self.records,
            record_roles=self.field_roles,
            field_roles=tuple(map(role, self.records))
            if len(self.records) <= _TURN
            else (Role.ITEM,) * len(self.records),
            blocks=np.zeros(len(self.fields), dtype=np.int64),
            text=lambda r, f: text(f, r),
            place=lambda r, f: place(f, r),
            columns_are_records=not self.columns_are_records,
            groups=(),
            **flip,
        )
