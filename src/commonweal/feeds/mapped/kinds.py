"""The kinds of feed a mapping may be for (``kinds.yaml``): their zone, and the FHIR types they may yield."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from commonweal.feeds.mapped.language import load


@dataclass(frozen=True, slots=True)
class Kind:
    """``zone``: ``record`` (about people, for care), ``places`` (about nobody) or ``analysis`` (never for care).

    ``by_sender``: it is shared by the category of its sender's own feeds, and not by one of its own.
    """

    feed: str
    name: str
    zone: str
    types: tuple[str, ...]
    by_sender: bool = False


@cache
def kinds() -> dict[str, Kind]:
    """Every kind, by the name of its feed."""
    said = load(files("commonweal.feeds.mapped").joinpath("kinds.yaml").read_text("utf-8"), "kinds.yaml")
    return {
        feed: Kind(feed, one["name"], one["zone"], tuple(one["types"]), one.get("by_sender") == "true")
        for feed, one in said.items()
    }
