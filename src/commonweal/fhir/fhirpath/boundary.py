"""``lowBoundary`` and ``highBoundary``: the range a value of limited precision stands for.

https://build.fhir.org/ig/HL7/FHIRPath/#lowboundaryprecision-integer-decimal--date--datetime--time
Dates without an offset lie anywhere from +14:00 (earliest) to -12:00 (latest). A decimal's precision is
taken from its shortest text, since JSON parsers keep no trailing zeros. A Period lies between the low boundary
of its start and the high boundary of its end.
"""

import calendar
import re
from decimal import Decimal

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)(Z|[+-]\d\d:\d\d)?")


def boundary(value: object, high: bool, kind: str) -> str | float | None:
    """The lower or upper end of ``value``; ``kind`` is 'dateTime' where a bare date stands for a moment,

    'time' where a bare hour is one. None if the value has no boundary (a boolean, free text, no Period).
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, dict):
        value, kind = value.get("end" if high else "start"), "dateTime"
        return boundary(value, high, kind) if isinstance(value, str) else None
    if isinstance(value, int | float):
        return _decimal(value, high)
    if not isinstance(value, str):
        return None
    if _TIME.fullmatch(value) or (kind == "time" and re.fullmatch(r"\d\d", value)):
        return _time(value, high)
    if _DATE.fullmatch(value):
        day = _date(value, high)
        if day is None or kind != "dateTime":
            return day
        return day + ("T23:59:59.999-12:00" if high else "T00:00:00.000+14:00")
    moment = _DATETIME.fullmatch(value)
    if moment is None:
        return None
    offset = moment[3] or ("-12:00" if high else "+14:00")
    return f"{moment[1]}T{_time(moment[2], high)}{offset}"


def _decimal(value: int | float, high: bool) -> float:
    exact = Decimal(repr(value))
    exponent = exact.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    half = Decimal(5).scaleb(-places - 1)
    return float(exact + half if high else exact - half)


def _time(value: str, high: bool) -> str:
    value += (":59:59" if high else ":00:00")[max(0, len(value) - 2) :]
    whole, _, fraction = value.partition(".")
    return f"{whole}.{(fraction + ('999' if high else '000'))[: max(3, len(fraction))]}"


def _date(value: str, high: bool) -> str | None:
    if len(value) == 4:
        value += "-12" if high else "-01"
    if len(value) == 7:
        if not high:
            return value + "-01"
        year, month = int(value[:4]), int(value[5:])
        if not (1 <= month <= 12 and year >= 1):
            return None
        return f"{value}-{calendar.monthrange(year, month)[1]:02d}"
    return value
