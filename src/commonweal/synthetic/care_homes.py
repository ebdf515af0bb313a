"""Places in care homes on the present day, a row a home and kind of bed; about homes, and nobody in them."""

from commonweal.synthetic.columns import AS_AT, Stream, Streams, iso
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.sink import Sink

FEED = "care_home_capacity"
HEADER = ("HomeCode", "HomeName", "BedType", "AsAt", "Registered", "Occupied", "Vacant", "AcceptingAdmissions")
_BEDS = ("Residential", "Nursing", "Dementia nursing")


def write_homes(streams: Streams, geography: Geography, sink: Sink) -> int:
    """Write the file the system's capacity tracker sends; how many rows it has."""
    rng = streams.of(Stream.CARE_HOMES)
    rows = []
    for home in geography.care_homes:
        for bed in _BEDS[: 1 + int(rng.integers(len(_BEDS)))]:
            registered = int(rng.integers(8, 45))
            vacant = int(rng.binomial(registered, 0.12))
            accepting = "yes" if vacant and rng.random() < 0.9 else "no"
            at = f"{iso(AS_AT)} {int(rng.integers(6, 9)):02d}:{int(rng.integers(60)):02d}:00"
            rows.append((home.code, home.name, bed, at, registered, registered - vacant, vacant, accepting))
    sink.table([HEADER], header=True)
    sink.table(rows)
    return len(rows)
