"""A page of a source's own resources by one code, found and audited by one statement: ``record_page_own``.

What partners' systems ask most is one code of one type, a page at a time. Such a page is a walk along the rows of that
code, which no other plan beats, so nothing has to be worked out for it. All else is for ``searching``.
"""

from dataclasses import dataclass

from commonweal.apps.access.api import SingleLook, Straight
from commonweal.apps.record.searching import Request, ordering
from commonweal.apps.record.searching.conditions import one_code
from commonweal.fhir.compartment import personal
from commonweal.fhir.search_parameters import edition

_PAGE = Straight(
    "SELECT done, entries, fetched, last_compartment, last_rid FROM record_page_own("
    "$1::jsonb, $2::text, $3::text, $4::text, $5::smallint, $6::text, $7::bigint, $8::bigint, $9::bigint, $10::integer)"
)


@dataclass(frozen=True, slots=True)
class PageAtOnce:
    """``entries``: of a searchset, as JSON with commas between; ``total``: where the whole of what matches is here."""

    entries: bytes
    total: int | None
    next_cursor: str


def may_be(request: Request) -> bool:
    """Whether ``request`` is of one condition and a plain page; whether that is one code is for :func:`page`."""
    if len(request.conditions) != 1 or not request.count or not personal(request.kind):
        return False
    return not (request.sort or request.total or request.summary or request.elements or request.includes)


def page(look: SingleLook, request: Request, address: str, cursor: str) -> PageAtOnce | None:
    """The page of ``request`` at ``cursor``, with addresses under ``address``; None, with nothing told, where it is
    not for here.

    Raises:
        BadSearch: as ``searching`` does.
        NotAsPresumed: see ``access.single_look``.
    """
    code = one_code(request.kind, *request.conditions[0])
    if code is None:
        return None
    source = look.entry.organisation
    after = ordering.read(request, source, cursor) if cursor else ["0", "0"]
    element, wanted, system = code
    bound = [edition(), request.kind, f"{address}/{request.kind}/", str(element), wanted]
    bound += ["" if system is None else str(system), *(key or "0" for key in after), str(request.count)]
    values = [value.encode() for value in bound]
    done, entries, fetched, compartment, rid = look(_PAGE, [*values[:5], values[5] or None, *values[6:]])
    if done != b"t":
        return None
    count = int(fetched or 0)
    if count > request.count and compartment is not None and rid is not None:
        last = ordering.written(request, source, (compartment.decode(), rid.decode()))
        return PageAtOnce(entries or b"", None, last)
    return PageAtOnce(entries or b"", None if cursor else count, "")
