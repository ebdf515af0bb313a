"""What hospitals send their commissioner of the same visits: admitted care, emergency attendances, outpatients.

One row a visit that has begun (admitted care: that has ended), with the NHS number that the national tracing service
has put in by then, which is the right one. Outpatient appointments surround planned admissions: one before, one after.
Diagnoses and procedures are ICD-10 and OPCS-4 codes that fit the kind of admission and nobody's record; tariffs are
made of a price a stay and a price a day that are nobody's. These files go through the pseudonymising door.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonweal.synthetic.admissions import ATTENDANCE, DAY, ELECTIVE, EMERGENCY, TrustRecords, Visits
from commonweal.synthetic.columns import AS_AT, Ints, Stream, Streams, iso
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink

FEEDS = ("apc", "ecds", "op")
APC = (
    *("NHSNumber", "LocalPatientId", "BirthDate", "Sex", "EthnicCategory", "Postcode", "GPPracticeCode"),
    *("ProviderCode", "SpellId", "EpisodeNumber", "AdmissionDate", "DischargeDate", "AdmissionMethod"),
    *("PrimaryDiagnosis", "PrimaryProcedure", "HRG", "TariffPence"),
)
ECDS = (
    *("NHSNumber", "BirthDate", "Sex", "Postcode", "GPPracticeCode", "ProviderCode", "AttendanceId", "ArrivalDate"),
    *("ArrivalMode", "Acuity", "ChiefComplaint", "Disposition"),
)
OP = (
    *("NHSNumber", "BirthDate", "Sex", "Postcode", "GPPracticeCode", "ProviderCode", "AttendanceId"),
    *("AppointmentDate", "ReferralDate", "Attended", "FirstAttendance", "TreatmentFunction", "TariffPence"),
)
_EMERGENCIES = ("J189", "I500", "N390", "J441", "S720", "R074", "I639", "K922", "L031", "R55X")
_PLANNED = (("K409", "T202"), ("H269", "C751"), ("M171", "W401"), ("K802", "J183"), ("Z121", "H229"), ("I839", "L851"))
_COMPLAINTS = ("chest pain", "breathless", "abdominal pain", "limb injury", "head injury", "unwell", "fever")
_SPECIALTIES = ("100", "110", "130", "300", "320", "502")
_STAY, _BED_DAY, _CLINIC = 85_000, 32_500, 14_000  # pence


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows one provider's file has of one month of activity."""

    source: str
    feed: str
    month: str
    rows: int


class Commissioned:
    """One trust's visits as its commissioner is told of them."""

    def __init__(
        self, streams: Streams, people: People, geography: Geography, visits: Visits, trust: int, known: TrustRecords
    ) -> None:
        self._people, self._geography, self._visits = people, geography, visits
        self._rng = streams.of(Stream.COMMISSIONING, trust)
        self._mine = np.flatnonzero(visits.trust == trust)
        self._local = dict(zip(known.held.person.tolist(), known.local, strict=True))
        self._source = known.source

    def write(self, feed: str, sink: Sink) -> int:
        """Write one of ``FEEDS``, in order of date; how many rows."""
        header, rows = {"apc": (APC, self._admitted), "ecds": (ECDS, self._attended), "op": (OP, self._seen)}[feed]
        sink.table([header], header=True)
        sink.table(row for _, row in sorted(rows(), key=lambda one: one[0]))
        return sink.rows

    def counted(self) -> list[Counted]:
        """What the admitted and emergency files must add up to, counted from the visits and not from the files."""
        visits = self._visits
        found: Counter[tuple[str, str]] = Counter()
        for v in self._mine.tolist():
            if visits.kind[v] == ATTENDANCE:
                found["ecds", iso(int(visits.comes[v] // DAY))[:7]] += 1
            elif visits.leaves[v] < (AS_AT + 1) * DAY:
                found["apc", iso(int(visits.leaves[v] // DAY))[:7]] += 1
        return [Counted(self._source, feed, month, many) for (feed, month), many in sorted(found.items())]

    def _rows(self, *kinds: int) -> Ints:
        return self._mine[np.isin(self._visits.kind[self._mine], kinds)]

    def _who(self, v: int) -> tuple[str, str, str, str, str]:
        """NHS number, birth date, sex, postcode and practice as the tracing service has them."""
        people, i = self._people, int(self._visits.person[v])
        return (
            str(people.number[i]),
            iso(int(people.birth[i])),
            "2" if people.female[i] else "1",
            self._geography.postcodes[people.postcode[i]],
            self._geography.practices[people.practice[i]].code,
        )

    def _admitted(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        visits, rng = self._visits, self._rng
        for v in self._rows(EMERGENCY, ELECTIVE).tolist():
            comes, leaves = int(visits.comes[v] // DAY), int(visits.leaves[v] // DAY)
            pick = int(rng.integers(1 << 30))
            if leaves > AS_AT:
                continue  # an unfinished stay is told of when it has ended
            planned = visits.kind[v] == ELECTIVE
            diagnosis, procedure = (
                _PLANNED[pick % len(_PLANNED)] if planned else (_EMERGENCIES[pick % len(_EMERGENCIES)], "")
            )
            number, born, sex, postcode, practice = self._who(v)
            i = int(visits.person[v])
            yield (
                leaves,
                (
                    *(number, self._local[i], born, sex, self._people.ethnicity[i], postcode, practice, self._source),
                    *(f"{self._source}S{v:08d}", 1, iso(comes), iso(leaves), visits.method[v], diagnosis, procedure),
                    *("", _STAY + _BED_DAY * (leaves - comes)),
                ),
            )

    def _attended(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        visits, rng = self._visits, self._rng
        for v in self._rows(ATTENDANCE).tolist():
            comes = int(visits.comes[v] // DAY)
            mode = "ambulance" if rng.random() < 0.25 else "walked in"
            acuity = ("very urgent", "urgent", "standard", "see and treat")[int(rng.integers(4))]
            complaint = _COMPLAINTS[int(rng.integers(len(_COMPLAINTS)))]
            yield (
                comes,
                (*self._who(v), self._source, f"{self._source}E{v:08d}", iso(comes), mode, acuity, complaint, "home"),
            )

    def _seen(self) -> Iterator[tuple[int, tuple[object, ...]]]:
        visits, rng = self._visits, self._rng
        for v in self._rows(ELECTIVE).tolist():
            comes, leaves = int(visits.comes[v] // DAY), int(visits.leaves[v] // DAY)
            i, wait = int(visits.person[v]), int(rng.integers(30, 150))
            specialty = _SPECIALTIES[int(rng.integers(len(_SPECIALTIES)))]
            first, after, came = comes - wait, leaves + int(rng.integers(14, 60)), rng.random(2) < 0.93
            for n, (day, attended) in enumerate(zip((first, after), came.tolist(), strict=True)):
                if not int(self._people.start[i]) <= day <= min(int(self._people.end[i]), AS_AT):
                    continue
                referred = iso(max(first - int(wait // 2), int(self._people.start[i])))
                yield (
                    day,
                    (
                        *self._who(v),
                        *(self._source, f"{self._source}O{v:08d}{n}", iso(day), referred),
                        *("5" if attended else "3", "1" if n == 0 else "2", specialty, _CLINIC),
                    ),
                )
