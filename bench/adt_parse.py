"""``adt_parse``: HL7 v2 messages a second to components, one core, against a bare hand split and python-hl7.

All three give every component of every field of every segment, and are asserted equal first.
"""

import statistics
import time
from collections.abc import Callable

COUNT = 2_000
ROUNDS = 5


def run() -> list[dict[str, object]]:
    """The two rows."""
    import hl7

    from commonweal.feeds.hl7v2 import Message

    messages = [_message(n) for n in range(COUNT)]

    def ours(raw: bytes) -> list[list[list[list[str]]]]:
        message = Message(raw)
        return [
            [message.repetitions(name, number, index) for number in range(1, message.width(name, index))]
            for name, index in message.sequence[1:]
        ]

    def split(raw: bytes) -> list[list[list[list[str]]]]:
        segments = raw.decode().split("\r")[1:]
        return [
            [[r.split("^") for r in f.split("~")] if f else [] for f in segment.split("|")[1:]] for segment in segments
        ]

    def theirs(raw: bytes) -> list[list[list[list[str]]]]:
        found = []
        for segment in list(hl7.parse(raw.decode()))[1:]:
            fields = [str(field) for field in list(segment)[1:]]
            found.append([[r.split("^") for r in f.split("~")] if f else [] for f in fields])
        return found

    for raw in messages[:50]:
        if not ours(raw) == split(raw) == theirs(raw):
            raise RuntimeError("the three do not agree")
    against_split = [_rate(ours, messages) / _rate(split, messages) for _ in range(ROUNDS)]
    against_theirs = [_rate(ours, messages[:300]) / _rate(theirs, messages[:300]) for _ in range(ROUNDS)]
    mine = _rate(ours, messages)
    return [
        {"name": "adt_parse against a bare split", "ours": mine, "limit": _rate(split, messages),
         "ratio": statistics.median(against_split), "target": 0.3},
        {"name": "adt_parse against python-hl7", "ours": mine, "limit": _rate(theirs, messages[:300]),
         "ratio": statistics.median(against_theirs), "target": 5.0},
    ]  # fmt: skip


def _rate(parse: Callable[[bytes], object], messages: list[bytes]) -> float:
    begun = time.perf_counter()
    for raw in messages:
        parse(raw)
    return len(messages) / (time.perf_counter() - begun)


def _message(n: int) -> bytes:
    at = f"2020{n % 12 + 1:02d}{n % 28 + 1:02d}1000"
    return "\r".join(
        [f"MSH|^~\\&|PAS|RXB|CW|ICS|{at}||ADT^A01|{n}|P|2.4|||||GBR|UNICODE UTF-8", f"EVN|A01|{at}||||{at}",
         f"PID|1||99900{n:05d}^^^NHS^NH~M{n}^^^RXB^MR||Ashworth^Vicky^Ada^^Ms^^L||19500311|F|||1 High Street^^Town^^"
         "ZZ1 1ZZ^GBR^H||07700900123|||||||||A|||||||N", "PD1|||^^A81001",
         f"PV1|1|I|W1^B2^3|21|||C1^Shah^Asha^^^Dr||C2^Okafor^Ada|300||||19|||||V{n}" + "|" * 25 + at,
         "PV2|||R07^Chest pain"]
    ).encode()  # fmt: skip
