"""The slots of a service that is received here, from what its own system has put into the record."""

from datetime import datetime
from typing import Any

import orjson

from commonweal.apps.exchange.bars import services, storing
from commonweal.apps.record import api as record
from commonweal.feeds.bars.headers import SERVICE_ID

_MOST = 500  # slots of one answer


def held(service: services.Service, statuses: set[str], first: datetime, last: datetime) -> list[dict[str, Any]]:
    """The slots, then their schedules and the service, which every answer includes."""
    found: list[dict[str, Any]] = []
    cares = record.search_shared("HealthcareService", {"identifier": f"{SERVICE_ID}|{service.service_id}"}).matches
    for care in cares:
        if care.source != service.organisation:
            continue
        schedules = record.search_shared("Schedule", {"actor": f"HealthcareService/{care.id}"}).matches
        for schedule in schedules:
            asked = [
                ("schedule", f"Schedule/{schedule.id}"),
                ("start", f"ge{first.isoformat()}"),
                ("start", f"le{last.isoformat()}"),
                ("_count", str(_MOST)),
            ]
            page = record.search_shared("Slot", asked).matches
            taken = storing.taken(service.organisation, [one.id for one in page])
            for one in page:
                slot = orjson.loads(one.body)
                if one.id in taken:
                    slot["status"] = "busy"
                if slot.get("status") in statuses and one.source == service.organisation:
                    found.append(slot)
        if found:
            found += [orjson.loads(one.body) for one in schedules]
            found.append(orjson.loads(care.body))
    return found
