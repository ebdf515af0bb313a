"""What a hospital's live feed brings on the morning after the synthetic records end: a handful of ADT messages.

The people are those of the generated system, as the hospital knows them; what happens to them is a fixed story, one
of each kind of change, so that a demonstration has alerts to open. The files of ``generate`` are not touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody as a hospital knows them. ``sex`` is M, F or U; ``nhs_number`` may be empty."""

    source: str
    mrn: str
    nhs_number: str
    family: str
    given: str
    birth_date: date
    sex: str


@dataclass(frozen=True, slots=True)
class _Event:
    """Event, minutes before now that it happened, ward, way of leaving (PV1-36) and what it cancels, in minutes."""

    event: str
    before: int
    ward: str
    left: str = ""
    cancels: int | None = None


# Each list is one person's night.
STORY: tuple[tuple[_Event, ...], ...] = (
    (_Event("A01", 80, "AMU"),),
    (_Event("A01", 1_020, "AMU"), _Event("A03", 30, "WARD 7", left="19")),
    (_Event("A01", 165, "AMU"), _Event("A11", 10, "AMU", cancels=165)),
    (_Event("A01", 1_500, "RESP"), _Event("A03", 190, "RESP", left="79")),
    (_Event("A01", 360, "AMU"), _Event("A02", 50, "STROKE")),
    (_Event("A01", 780, "ELDER 1"),),
)


def messages(people: Sequence[Known], now: datetime) -> dict[tuple[str, str], list[str]]:
    """HL7 v2.4 ADT messages by wave and source, in the order they happened; at most one of ``STORY`` a person.

    The waves: what happened, under ``1``, and what was taken back, which comes later, under ``2``.
    """
    made: list[tuple[datetime, tuple[str, str], str]] = []
    for number, (known, story) in enumerate(zip(people, STORY, strict=False)):
        begun = now - timedelta(minutes=story[0].before)
        for one in story:
            at = now - timedelta(minutes=one.before)
            control = f"LIVE{number:02d}{len(made):03d}{_stamp(at)}"
            wave = ("1" if one.cancels is None else "2", known.source)
            made.append((at, wave, _message(known, one, at, begun, control, f"L{number}{_stamp(begun)}", now)))
    found: dict[tuple[str, str], list[str]] = {}
    for _, wave, text in sorted(made):
        found.setdefault(wave, []).append(text)
    return found


def _message(known: Known, one: _Event, at: datetime, begun: datetime, control: str, visit: str, now: datetime) -> str:
    died = one.left == "79"
    occurred = at if one.cancels is None else now - timedelta(minutes=one.cancels)
    nhs = f"{known.nhs_number}^^^NHS^NH~" if known.nhs_number else ""
    pid = f"PID|1||{nhs}{known.mrn}^^^{known.source}^MR||{known.family}^{known.given}||{known.birth_date:%Y%m%d}"
    pid += f"|{known.sex}" + "|" * 21 + (f"{_stamp(at)}|Y" if died else "|")
    pv1 = f"PV1|1|I|{one.ward}^^^{known.source}|21" + "|" * 15 + visit + "|" * 17 + one.left + "|" * 8
    pv1 += f"{_stamp(begun)}|{_stamp(at) if one.event == 'A03' else ''}"
    head = f"MSH|^~\\&|PAS|{known.source}|EXCHANGE|ICS|{_stamp(at)}||ADT^{one.event}|{control}|P|2.4"
    head += "|||||GBR|UNICODE UTF-8"
    return "\r".join((head, f"EVN|{one.event}|{_stamp(at)}||||{_stamp(occurred)}", pid, pv1)) + "\r"


def _stamp(moment: datetime) -> str:
    """``YYYYMMDDHHMM`` of the hospital's wall clock."""
    return f"{moment.astimezone(_LONDON):%Y%m%d%H%M}"
