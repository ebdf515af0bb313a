"""The column types, dates and random streams that every part of the generator shares.

A date is a count of days since 1970-01-01 in an ``int64`` column; ``NEVER`` stands for a date that does not come.
A random stream belongs to one purpose (and, where there are many, to one practice), so that adding a draw in one
part never changes another part.
"""

from datetime import date, timedelta
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

EPOCH = date(1970, 1, 1)
NEVER = 10**6
YEAR = 365.25


def day(year: int, month: int, dom: int) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date(year, month, dom) - EPOCH).days


START = day(2015, 11, 1)
AS_AT = day(2020, 10, 31)
_FIRST = day(1895, 1, 1)
_LAST = day(2023, 1, 1)

_CALENDAR = [EPOCH + timedelta(days=d) for d in range(_FIRST, _LAST)]
_ISO = [d.isoformat() for d in _CALENDAR]
_BRITISH = [d.strftime("%d/%m/%Y") for d in _CALENDAR]
_COMPACT = [d.strftime("%Y%m%d") for d in _CALENDAR]


def _last_sunday(year: int, month: int) -> int:
    """The day number of the last Sunday of March or October, when United Kingdom clocks change."""
    last = date(year, month, 31)
    return (last - timedelta(days=(last.weekday() + 1) % 7) - EPOCH).days


CLOCKS_FORWARD = frozenset(_last_sunday(y, 3) for y in range(2010, 2023))
_SUMMER = {d for y in range(2010, 2023) for d in range(_last_sunday(y, 3), _last_sunday(y, 10))}
_OFFSET = ["+01:00" if d in _SUMMER else "+00:00" for d in range(_FIRST, _LAST)]


def iso(d: int) -> str:
    """``YYYY-MM-DD``."""
    return _ISO[d - _FIRST]


def british(d: int) -> str:
    """``DD/MM/YYYY``, as councils write dates."""
    return _BRITISH[d - _FIRST]


def compact(d: int) -> str:
    """``YYYYMMDD``, as HL7 v2 writes dates."""
    return _COMPACT[d - _FIRST]


def calendar(d: int) -> date:
    """The calendar date of a day number."""
    return _CALENDAR[d - _FIRST]


def daytime(d: int, minute: int) -> str:
    """An ISO date-time at ``minute`` of the day with the London offset, right for hours clear of the clock change."""
    return f"{_ISO[d - _FIRST]}T{minute // 60:02d}:{minute % 60:02d}:00{_OFFSET[d - _FIRST]}"


class Stream(IntEnum):
    """What a random stream is for; the numbers are part of the format, since they fix the output of a seed."""

    GEOGRAPHY = 1
    HOUSEHOLDS = 2
    NAMES = 3
    NUMBERS = 4
    LIVES = 5
    CONDITIONS = 6
    GENERAL_PRACTICE = 7
    ADMISSIONS = 8
    ACUTE_IDENTITY = 9
    SOCIAL_CARE = 10
    COUNCIL_IDENTITY = 11
    MENTAL_HEALTH = 12
    MENTAL_HEALTH_IDENTITY = 13
    PRACTICE_IDENTITY = 14
    FEED_FAULTS = 15
    PLANS = 16
    COMMUNITY = 17
    COMMUNITY_IDENTITY = 18
    CARE_HOMES = 19
    AMBULANCE = 20
    AMBULANCE_IDENTITY = 21
    COMMISSIONING = 22
    RESULTS = 23
    REFERRALS = 24
    HEADINGS = 25
    ALLERGY_CHECKS = 26


class Streams:
    """Independent random generators derived from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, purpose: Stream, part: int = 0) -> np.random.Generator:
        """The generator for ``purpose``, and for one ``part`` of it (a practice, a trust)."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=(purpose, part))))


def texts(values: list[str]) -> Texts:
    """A column of strings, sharing the string objects rather than copying them to a fixed width."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def identifiers(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` random version 4 UUIDs as text."""
    h = rng.bytes(16 * count).hex()
    return [
        f"{h[i : i + 8]}-{h[i + 8 : i + 12]}-4{h[i + 13 : i + 16]}-a{h[i + 17 : i + 20]}-{h[i + 20 : i + 32]}"
        for i in range(0, 32 * count, 32)
    ]


def age_at(birth: Ints, on: int) -> Ints:
    """Whole years of age on day ``on`` (born 29 February: birthday on 1 March in other years)."""
    then = birth.astype("datetime64[D]")
    now = np.datetime64(on, "D")
    years = now.astype("datetime64[Y]").astype(np.int64) - then.astype("datetime64[Y]").astype(np.int64)
    month = then.astype("datetime64[M]").astype(np.int64) % 12
    dom = (then - then.astype("datetime64[M]")).astype(np.int64)
    on_month = int(now.astype("datetime64[M]").astype(np.int64)) % 12
    on_dom = int((now - now.astype("datetime64[M]")).astype(np.int64))
    not_yet = (month > on_month) | ((month == on_month) & (dom > on_dom))
    result: Ints = years - not_yet
    return result
