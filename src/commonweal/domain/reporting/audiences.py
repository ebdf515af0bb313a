"""Who a pack is for, and which sections each reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from commonweal.domain.errors import CommonwealError


class UnknownPartError(CommonwealError):
    """An audience or a section of a pack that there is none of."""


SECTIONS: dict[str, str] = {
    "headlines": "Headlines",
    "decisions": "Decisions asked",
    "exceptions": "Exception report",
    "delivery": "Delivery of standards",
    "areas": "Service areas",
    "signals": "Change told from chance",
    "quality": "Quality and safety",
    "inequality": "Population health and inequality",
    "workforce": "Workforce",
    "finance": "Finance",
    "priorities": "Transformation priorities",
    "risks": "Risks",
    "data-quality": "Data quality",
    "definitions": "Definitions",
    "sources": "Sources",
}


@dataclass(frozen=True, slots=True)
class Audience:
    """A readership: ``sections`` are what it reads unless it chooses."""

    code: str
    name: str
    sections: tuple[str, ...]


_DETAIL = ("exceptions", "delivery", "areas", "signals", "quality", "inequality", "workforce", "finance", "risks")
AUDIENCES: dict[str, Audience] = {
    one.code: one
    for one in (
        Audience("board", "Board", tuple(SECTIONS)),
        Audience(
            "committee",
            "Committee",
            ("headlines", *_DETAIL, "data-quality", "definitions", "sources"),
        ),
        Audience("public", "Public summary", ()),
    )
}


def audience(code: str) -> Audience:
    """An audience by its code. Raises ``UnknownPartError``, which lists them."""
    if code not in AUDIENCES:
        raise UnknownPartError(f"no audience {code}; choose {', '.join(AUDIENCES)}")
    return AUDIENCES[code]


def chosen(who: Audience, sections: Sequence[str] | None) -> tuple[str, ...]:
    """The sections to print, in the order of the pack: those asked for, else the audience's own.

    Sources are always printed where any section is, for figures refer to them. Raises ``UnknownPartError``.
    """
    if sections is None or not who.sections:
        return who.sections
    unknown = [one for one in sections if one not in SECTIONS]
    if unknown:
        raise UnknownPartError(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return tuple(one for one in SECTIONS if one in sections or one == "sources")
