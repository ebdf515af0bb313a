"""What every template is given: who is signed in, their menu, and whether the data is synthetic."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from commonweal.apps.access.api import Role, SignInRequired, actor_of, availability, waiting
from commonweal.web.pages import CASES, ENTRIES, ROLE_NAMES, Entry


def page(request: HttpRequest) -> dict[str, Any]:
    """``actor`` (None when signed out), ``role_name``, ``navigation`` and ``synthetic``."""
    shared: dict[str, Any] = {"synthetic": settings.COMMONWEAL_SYNTHETIC}
    try:
        actor = actor_of(request)
    except SignInRequired:
        return shared | {"actor": None, "signed_out": True, "navigation": ()}
    except (DatabaseError, InterfaceError) as error:
        if not availability.away(error):
            raise
        return shared | {"actor": None, "navigation": ()}  # a page that needs no database is shown without it
    navigation = [_menu_item(entry, request.path, ENTRIES[actor.role]) for entry in ENTRIES[actor.role]]
    if actor.role is Role.PRIVACY_OFFICER and (many := waiting()):
        next(item for item in navigation if item["address"] == CASES.address)["short"] += f" ({many})"
    return shared | {"actor": actor, "role_name": ROLE_NAMES[actor.role], "navigation": navigation}


def _menu_item(entry: Entry, path: str, entries: tuple[Entry, ...]) -> dict[str, str]:
    """The entry with ``current``: "page" on the page itself, "true" below it, empty elsewhere."""
    current = ""
    if path == entry.address:
        current = "page"
    elif path.startswith(entry.address + "/") and not any(
        f"{path}/".startswith(f"{other.address}/") and len(other.address) > len(entry.address) for other in entries
    ):
        current = "true"
    return {"address": entry.address, "short": entry.short, "current": current}
