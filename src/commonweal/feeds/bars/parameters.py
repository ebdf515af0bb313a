"""The parameters of ``GET /Slot``, read and held to Core 1.2.2: the same for the server and for the simulator."""

from collections.abc import Mapping
from datetime import UTC, datetime

from commonweal.feeds.bars.slots import INCLUDES
from commonweal.feeds.bars.tables import BarsRefused


def of_slots(asked: Mapping[str, list[str]]) -> tuple[set[str], datetime, datetime]:
    """(statuses, from, to) of what was asked, by name of parameter. Raises ``BarsRefused``."""
    said = {part for value in asked.get("status", ()) for part in value.split(",") if part}
    if not said:
        raise BarsRefused("parameter-missing", "status")
    if not said <= {"free", "busy"}:
        raise BarsRefused("parameter-invalid", "status=free,busy")
    if missing := sorted(set(INCLUDES) - set(asked.get("_include", ()))):
        raise BarsRefused("parameter-missing", f"_include={missing[0]}")
    bounds: dict[str, datetime] = {}
    for value in asked.get("start", ()):
        try:
            moment = datetime.fromisoformat(value[2:].replace(" ", "+"))
        except ValueError:
            raise BarsRefused("parameter-invalid", "start=ge2022-03-01T12:00:00+00:00") from None
        if moment.tzinfo is None or value[:2] not in ("ge", "gt", "le", "lt"):
            raise BarsRefused("parameter-invalid", "start=ge2022-03-01T12:00:00+00:00")
        bounds[value[0]] = moment.astimezone(UTC)
    if bounds.keys() != {"g", "l"}:
        raise BarsRefused("parameter-missing", "start twice: from (ge) and to (le)")
    return said, bounds["g"], bounds["l"]
