"""Relations between the figures of a table: computed here and as a spreadsheet formula, held to what is printed."""

from collections.abc import Sequence
from decimal import Decimal

from commonweal.apps.reporting.model import Cell

FORMULAE = {  # with the cells of a check in its order; {sum} is all of them
    "difference": "{0}-{1}",
    "percent_of": "IF({1}=0,0,{0}/{1}*100)",
    "share": "IF({1}=0,0,{0}/{1}*100)",
    "sum": "SUM({sum})",
    "rate": "IF({1}=0,0,{0}/{1}*1000)",
    "rate_difference": "({0}/{1}-{2}/{3})*1000",
}
_PENCE_IN_TENTH_OF_MILLION = Decimal(10_000_000)
_POUND = Decimal(100)
_HALF = Decimal("0.5")
_GRACE = Decimal("0.000001")  # a tie in the last digit printed agrees, however the machine rounds


def worth(cell: Cell) -> Decimal | None:
    """The number a cell prints as the workbook holds it: money in pounds. None for words and what is not given."""
    if cell.value is None or cell.state:
        return None
    return cell.value / _POUND if cell.unit == "pence" else cell.value


def computed(rule: str, parts: Sequence[Decimal | None]) -> Decimal | None:
    """What a rule makes of its parts, None where one is missing or nought divides. Raises ``KeyError`` for no rule."""
    if rule not in FORMULAE:
        raise KeyError(rule)
    known = [one for one in parts if one is not None]
    if len(known) != len(parts):
        return None
    if rule == "sum":
        return sum(known, Decimal(0))
    if rule == "difference":
        return known[0] - known[1]
    if rule == "rate_difference":
        if not known[1] or not known[3]:
            return None
        return (known[0] / known[1] - known[2] / known[3]) * 1000
    if not known[1]:
        return None
    return known[0] / known[1] * (1000 if rule == "rate" else 100)


def decimals(cell: Cell) -> int:
    """Decimals a cell prints."""
    if cell.unit == "pence" or cell.value is None:
        return 0
    return max(0, -int(cell.value.as_tuple().exponent))


def slack(cell: Cell) -> Decimal:
    """Half of the last digit printed: as far as rounding alone may move a figure."""
    if cell.unit == "pence":
        step = _PENCE_IN_TENTH_OF_MILLION / _POUND if cell.text.endswith("m") else Decimal(1)
    else:
        step = Decimal(1).scaleb(-decimals(cell))
    return step * _HALF + _GRACE
