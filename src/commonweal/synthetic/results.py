"""What hospitals' laboratories and letter systems send of the latest emergency stays: ORU^R01 and MDM^T02 messages.

Blood results (haemoglobin, C-reactive protein, creatinine, by LOINC) three hours after each emergency admission of the
last months, and a discharge summary when the stay has ended. They are of the hospital's feed, in files of their own,
as another system of the hospital sends them; values fit the reason for nobody's admission.
"""

import numpy as np

from commonweal.synthetic.admissions import DAY, EMERGENCY, TrustRecords, Visits
from commonweal.synthetic.columns import AS_AT, Stream, Streams, compact
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.sink import Sink

RECENT = 60  # days before the present that the files go back
_ASKED = "26604007^Full blood count and biochemistry^SCT"
_TESTS = (  # code and name, unit, range, usual value and its spread
    ("718-7^Haemoglobin^LN", "g/L", "120-160", 128.0, 14.0),
    ("1988-5^C-reactive protein^LN", "mg/L", "0-5", 40.0, 30.0),
    ("14682-9^Creatinine^LN", "umol/L", "45-110", 92.0, 25.0),
)
_LETTER = "Admitted as an emergency and treated.~Home with medicines as listed.~GP please review in two weeks."


def write_results(
    streams: Streams, geography: Geography, visits: Visits, trust: int, known: TrustRecords, sink: Sink
) -> int:
    """Write one trust's messages in order of time; how many FHIR resources they become."""
    rng = streams.of(Stream.RESULTS, trust)
    row = {person: n for n, person in enumerate(known.held.person.tolist())}
    stays = np.flatnonzero(
        (visits.trust == trust) & (visits.kind == EMERGENCY) & (visits.comes // DAY > AS_AT - RECENT)
    )
    made: list[tuple[int, str]] = []
    resources = 0
    for n, v in enumerate(stays.tolist()):
        values = [max(1.0, usual + spread * float(rng.standard_normal())) for *_, usual, spread in _TESTS]
        who = _identification(known, row[int(visits.person[v])])
        sampled, left = int(visits.comes[v]) + 180, int(visits.leaves[v])
        if sampled < (AS_AT + 1) * DAY:
            made.append((sampled, _result(known.source, geography.system.code, n, sampled, who, values)))
            resources += 1 + len(_TESTS)
        if left + 60 < (AS_AT + 1) * DAY and not visits.died[v]:
            made.append((left + 60, _letter(known.source, geography.system.code, n, left + 60, who)))
            resources += 1
    sink.write([text for _, text in sorted(made)], end="\n\n")
    return resources


def _result(source: str, to: str, n: int, at: int, who: str, values: list[float]) -> str:
    stamp = _stamp(at)
    segments = [
        _header("LAB", source, to, stamp, "ORU^R01", f"{source}L{n + 1:07d}"),
        who,
        f"OBR|1|{source}P{n + 1:06d}|{source}F{n + 1:06d}|{_ASKED}|||{stamp}|||||||||||||||{stamp}||LAB|F",
    ]
    for number, ((code, unit, usual, *_), value) in enumerate(zip(_TESTS, values, strict=True), 1):
        low, high = (float(bound) for bound in usual.split("-"))
        flag = "L" if value < low else "H" if value > high else "N"
        segments.append(f"OBX|{number}|NM|{code}||{value:.0f}|{unit}^^UCUM|{usual}|{flag}|||F")
    return "\r".join(segments)


def _letter(source: str, to: str, n: int, at: int, who: str) -> str:
    stamp = _stamp(at)
    return "\r".join(
        (
            _header("EDM", source, to, stamp, "MDM^T02", f"{source}D{n + 1:07d}"),
            f"EVN|T02|{stamp}",
            who,
            f"TXA|1|DS^Discharge summary|TX|{stamp}||{stamp}|||^Okafor^Ada|||{source}LETTER{n + 1:06d}|||||AU||AV",
            f"OBX|1|TX|T^Text||{_LETTER}",
        )
    )


def _header(system: str, source: str, to: str, stamp: str, kind: str, control: str) -> str:
    return f"MSH|^~\\&|{system}|{source}|EXCHANGE|{to}|{stamp}||{kind}|{control}|P|2.4|||||GBR|UNICODE UTF-8|EN"


def _identification(known: TrustRecords, n: int) -> str:
    held = known.held
    nhs = f"{held.number[n]}^^^NHS^NH~" if held.number[n] else ""
    name = f"{held.family[n]}^{held.given[n]}^{held.middle[n]}^^^^L"
    return f"PID|1||{nhs}{known.local[n]}^^^{known.source}^MR||{name}||{compact(int(held.birth[n]))}|{held.sex[n]}"


def _stamp(minutes: int) -> str:
    """``YYYYMMDDHHMM``."""
    day, minute = divmod(minutes, DAY)
    return f"{compact(day)}{minute // 60:02d}{minute % 60:02d}"
