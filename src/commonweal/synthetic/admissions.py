"""Acute hospitals: who came when, as columns, and each trust's HL7 v2.4 ADT messages in order of time."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import rates
from commonweal.synthetic.columns import (
    AS_AT,
    CLOCKS_FORWARD,
    NEVER,
    START,
    YEAR,
    Bools,
    Floats,
    Ints,
    Stream,
    Streams,
    Texts,
    compact,
    texts,
)
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import Recorded, record
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink

DAY = 24 * 60
EMERGENCY, ELECTIVE, ATTENDANCE = range(3)
EMERGENCY_METHODS = ("21", "22", "24", "28")
ELECTIVE_METHODS = ("11", "12", "13")
_WARDS = ("AMU", "WARD 7", "WARD 12", "STROKE", "RESP", "CARDIO", "SURG 2", "ELDER 1")
_SPECIALTIES = ("300", "100", "110", "430", "320", "340", "502", "301")
DOCTORS = ("Adeyemi^Grace", "Bagshaw^Helen", "Chen^Wei", "Doyle^Niamh", "Grewal^Anita", "Hallam^Mark", "Osei^Kofi")
_CHUNK = 20_000


@dataclass(slots=True)
class Visits:
    """Hospital visits, one row each. Times are minutes since 1970-01-01 local time; ``leaves`` is past the as-at date
    for people still in."""

    person: Ints
    trust: Ints
    kind: Ints
    comes: Ints
    leaves: Ints
    method: Texts
    died: Bools

    def emergencies(self, first: int, last: int) -> Ints:
        """Rows that are emergency admissions begun from day ``first`` to day ``last``."""
        day = self.comes // DAY
        return np.flatnonzero((self.kind == EMERGENCY) & (day >= first) & (day <= last))


@dataclass(slots=True)
class TrustRecords:
    """One trust's people: what it holds of each, their local numbers, and second numbers merged away (``""``: none)."""

    source: str
    held: Recorded
    local: list[str]
    retired: list[str]
    visits: int


def visit(streams: Streams, people: People, geography: Geography, decile: Ints, certain: Ints) -> Visits:
    """Visits at rates by age and deprivation; people at ``certain`` have an emergency admission in September 2020."""
    rng = streams.of(Stream.ADMISSIONS)
    age = (START + 900 - people.birth) / YEAR
    steep = 1.32 - 0.06 * decile
    bands = [age < 5, age < 18, age < 65, age < 75, age < 85]
    yearly = (
        np.select(bands, [0.11, 0.030, 0.062, 0.125, 0.24], 0.44) * steep,
        np.select(bands, [0.03, 0.025, 0.075, 0.20, 0.24], 0.18),
        np.select(bands, [0.42, 0.24, 0.22, 0.19, 0.27], 0.40) * steep,
    )
    begin, end = people.start * DAY + 60, (people.end + (people.death == NEVER) * (people.left == NEVER)) * DAY
    parts: list[tuple[Ints, Ints, Ints, Ints, Bools]] = []
    for kind, rate in enumerate(yearly):
        count = rng.poisson(rate * np.maximum(end - begin - DAY, 0) / DAY / YEAR)
        who = np.repeat(np.arange(len(people)), count)
        comes = begin[who] + np.floor(rng.random(len(who)) * (end - begin - 120)[who]).astype(np.int64)
        leaves = comes + _lengths(rng, kind, age[who])
        dead = people.death[who] < NEVER
        leaves = np.where(dead, np.minimum(leaves, end[who] - 1), leaves)
        parts.append((who, np.full(len(who), kind), comes, leaves, np.zeros(len(who), dtype=bool)))
    last = np.flatnonzero((people.death <= AS_AT) & (people.death - people.start > 20))
    last = last[rng.random(len(last)) < rates.DIES_IN_HOSPITAL]
    leaves = people.death[last] * DAY + rng.integers(30, DAY - 30, len(last))
    comes = leaves - rng.integers(300, 14 * DAY, len(last))
    parts.append((last, np.full(len(last), EMERGENCY), comes, leaves, np.ones(len(last), dtype=bool)))
    fixed = np.full(len(certain), (AS_AT - 45) * DAY + 870)
    parts.append(
        (certain, np.full(len(certain), EMERGENCY), fixed, fixed + 6 * DAY, np.zeros(len(certain), dtype=bool))
    )
    who, kind_, comes, leaves = (np.concatenate([p[k] for p in parts]) for k in range(4))
    died: Bools = np.concatenate([p[4] for p in parts])
    comes, leaves = _real_times(comes), _real_times(leaves)
    # Nobody is in twice at once: a visit that begins before an earlier one of the same person ended is dropped.
    order = np.lexsort((comes, who))
    who, kind_, comes, leaves = (column[order] for column in (who, kind_, comes, leaves))
    died = died[order]
    wide = 10**9
    latest = np.maximum.accumulate(who * wide + leaves)
    free = np.append(True, latest[:-1] < (who * wide + comes)[1:]) & (leaves > comes)
    who, kind_, comes, leaves = (column[free] for column in (who, kind_, comes, leaves))
    died = died[free]
    main = np.where(people.place[who] == 0, 0, 1)
    trust = np.where(rng.random(len(who)) < rates.SECOND_TRUST, 1 - main, main)
    emergency = texts(list(EMERGENCY_METHODS))[rng.choice(4, len(who), p=[0.72, 0.14, 0.08, 0.06])]
    elective = texts(list(ELECTIVE_METHODS))[rng.choice(3, len(who), p=[0.55, 0.25, 0.20])]
    method = np.where(kind_ == EMERGENCY, emergency, np.where(kind_ == ELECTIVE, elective, ""))
    return Visits(who, trust, kind_, comes, leaves, method, died)


def _lengths(rng: np.random.Generator, kind: int, age: Floats) -> Ints:
    """Minutes in hospital: days for emergencies, mostly a day for planned care, hours in the emergency department."""
    count = len(age)
    if kind == ATTENDANCE:
        return rng.integers(45, 300, count)
    if kind == ELECTIVE:
        return np.where(rng.random(count) < 0.8, rng.integers(180, 600, count), rng.integers(DAY, 5 * DAY, count))
    days = rng.exponential(np.where(age > 75, 8.0, 3.0))
    result: Ints = 240 + np.floor(days * DAY).astype(np.int64)
    return result


def _real_times(minutes: Ints) -> Ints:
    """Move times out of the hour that does not exist when clocks go forward (01:00 to 01:59)."""
    skipped = np.isin(minutes // DAY, sorted(CLOCKS_FORWARD)) & (minutes % DAY // 60 == 1)
    result: Ints = np.where(skipped, minutes + 60, minutes)
    return result


def consultant_code(n: int) -> str:
    """An invented consultant code of the doctor at ``n`` of ``DOCTORS``."""
    return f"C999{n:04d}"


def _stamp(minutes: int) -> str:
    """``YYYYMMDDHHMM``."""
    day, minute = divmod(minutes, DAY)
    return f"{compact(day)}{minute // 60:02d}{minute % 60:02d}"


def write_trust(
    streams: Streams, people: People, geography: Geography, visits: Visits, trust: int, exact: Ints, sink: Sink
) -> TrustRecords:
    """Write one trust's messages; records of the people at ``exact`` are free of faults, but for another address."""
    rng = streams.of(Stream.ADMISSIONS, trust + 1)
    mine = np.flatnonzero(visits.trust == trust)
    who, turn = np.unique(visits.person[mine], return_inverse=True)
    held = record(streams.of(Stream.ACUTE_IDENTITY, trust), people, geography, who, rates.ACUTE_NOISE)
    held.correct(people, geography, exact)
    held.leave_behind(people, geography, exact)
    numbers = 1_000_000 + 7 * rng.permutation(2 * len(who) + 1_000)[: 2 * len(who)]
    local = [str(n) for n in numbers[: len(who)].tolist()]
    several = np.bincount(turn, minlength=len(who)) > 1
    chance = rates.DUPLICATE_NUMBER / max(several.mean(), 0.05) if len(who) else 0.0
    doubled = several & (rng.random(len(who)) < chance) & ~np.isin(who, exact)
    retired = [str(n) if d else "" for n, d in zip(numbers[len(who) :].tolist(), doubled.tolist(), strict=True)]
    source = geography.acute[trust].code
    writer = _Messages(source, geography, people, held, local, retired, visits, mine, turn, rng)
    writer.write(sink)
    return TrustRecords(source, held, local, writer.retired, len(mine))


@dataclass(slots=True)
class _Messages:
    """Turns one trust's visits into messages."""

    source: str
    geography: Geography
    people: People
    held: Recorded
    local: list[str]
    retired: list[str]
    visits: Visits
    mine: Ints
    turn: Ints
    rng: np.random.Generator

    def write(self, sink: Sink) -> None:
        """Admissions, updates, discharges and merges in order of the time they happened."""
        count, horizon = len(self.mine), (AS_AT + 1) * DAY
        comes, leaves = self.visits.comes[self.mine], self.visits.leaves[self.mine]
        # The first of a doubled person's visits went under the second number.
        first = np.append(True, self.turn[1:] != self.turn[:-1]) if count else np.zeros(0, dtype=bool)
        second = np.array([bool(r) for r in self.retired], dtype=bool)[self.turn] & first & (leaves < horizon - 2 * DAY)
        used = set(self.turn[second].tolist())
        self.retired = [r if i in used else "" for i, r in enumerate(self.retired)]
        updated = np.flatnonzero(self.rng.random(count) < 0.12)
        discharged = np.flatnonzero(leaves < horizon)
        merged = np.flatnonzero(second)
        merged_at = leaves[merged] + self.rng.integers(60, DAY, len(merged))
        row = np.concatenate([np.arange(count), updated, discharged, merged])
        when = np.concatenate(
            [comes, (comes + np.minimum(leaves, horizon))[updated] // 2, leaves[discharged], merged_at]
        )
        event = np.repeat(np.arange(4), [count, len(updated), len(discharged), len(merged)])
        when = np.minimum(_real_times(when), horizon - 1)
        order = np.lexsort((row, event, when))
        delay = self.rng.integers(0, 30, len(order)) + np.where(self.rng.random(len(order)) < 0.03, 600, 0)
        ward = self.rng.integers(0, len(_WARDS), count)
        doctor = self.rng.integers(0, len(DOCTORS), count)
        visit_number = self.rng.permutation(count) + 10_000_000
        for begin in range(0, len(order), _CHUNK):
            part = order[begin : begin + _CHUNK]
            rows = [
                self._message(
                    begin + n, e, r, w, s, bool(second[r]), int(ward[r]), int(doctor[r]), int(visit_number[r])
                )
                for n, (e, r, w, s) in enumerate(
                    zip(
                        event[part].tolist(),
                        row[part].tolist(),
                        when[part].tolist(),
                        _real_times(when[part] + delay[part]).tolist(),
                        strict=True,
                    )
                )
            ]
            sink.write(rows, end="\n\n")

    def _message(
        self, n: int, event: int, row: int, when: int, sent: int, second: bool, ward: int, doctor: int, number: int
    ) -> str:
        """One message: segments separated by carriage returns."""
        i = int(self.turn[row])
        kind = ("A01", "A08", "A03", "A40")[event]
        structure = ("ADT_A01", "ADT_A01", "ADT_A03", "ADT_A39")[event]
        head = (
            f"MSH|^~\\&|PAS|{self.source}|EXCHANGE|{self.geography.system.code}|{_stamp(sent)}07||ADT^{kind}^{structure}"
            f"|{self.source}{n + 1:09d}|P|2.4|||||GBR|UNICODE UTF-8|EN\r"
            f"EVN|{kind}|{_stamp(sent)}||||{_stamp(when)}\r"
        )
        if event == 3:
            return f"{head}{self._identification(i, False, False)}\rMRG|{self.retired[i]}^^^{self.source}^MR"
        visits, v = self.visits, int(self.mine[row])
        died = bool(visits.died[v]) and event == 2
        planned = visits.kind[v] == ELECTIVE
        place = ("I", "I", "E")[int(visits.kind[v])]
        where = "ED" if place == "E" else _WARDS[ward]
        leaving = ("4" if died else "1", _stamp(int(visits.leaves[v]))) if event == 2 else ("", "")
        code, name = consultant_code(doctor), DOCTORS[doctor]
        consultant = f"{code}^{name}^^^Dr^^^GMC"
        specialty = "180" if place == "E" else _SPECIALTIES[ward]
        origin = "51" if self.people.in_care_home[visits.person[v]] and not planned else "19"
        return (
            f"{head}{self._identification(i, second, died)}\r"
            f"PV1|1|{place}|{where}^^^{self.source}|{visits.method[v]}|||{consultant}||{consultant}|{specialty}||||{origin}"
            f"|||||{number}|||||||||||||||||{leaving[0]}||||||||{_stamp(int(visits.comes[v]))}|{leaving[1]}"
        )

    def _identification(self, i: int, second: bool, died: bool) -> str:
        """PID and PD1. The second local number of a person was opened without the NHS number."""
        held, person = self.held, int(self.held.person[i])
        local = self.retired[i] if second else self.local[i]
        nhs = f"{held.number[i]}^^^NHS^NH~" if held.number[i] and not second else ""
        address = ""
        if held.postcode[i]:
            city = self.geography.places[int(self.people.place[person])].name
            address = f"{held.line[i]}^^{city}^^{held.postcode[i]}^GBR^H"
        death = f"{compact(int(self.people.death[person]))}|Y" if died else "|"
        practice = held.practice[i]
        return (
            f"PID|1||{nhs}{local}^^^{self.source}^MR||{held.family[i]}^{held.given[i]}^{held.middle[i]}^^"
            f"{self.people.prefix[person]}^^L||{compact(int(held.birth[i]))}|{held.sex[i]}|||{address}||"
            f"{self.people.phone[person]}|||||||||{held.ethnicity[i]}|||||||{death}\r"
            f"PD1|||^^{practice}|{practice}"
        )
