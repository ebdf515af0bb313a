"""Boxes of the forms about requests, read from what was sent; what is wrong is said at its box."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import QueryDict

from commonweal.apps.access import api as access
from commonweal.domain.access.proxies import Evidence
from commonweal.domain.access.requests import RequestError

Asked = access.proxies.Asked


def day_of(sent: Mapping[str, str], field: str) -> date | None:
    """A date typed in three boxes; None when all are empty. Raises ``RequestError`` for what is no day."""
    parts = [sent.get(f"{field}_{part}", "").strip() for part in ("day", "month", "year")]
    if not any(parts):
        return None
    try:
        day, month, year = map(int, parts)
        return date(year, month, day)
    except ValueError:
        raise RequestError("Enter a real date: day, month and year in numbers.", field) from None


def proxy_asked(sent: QueryDict, today: date) -> Asked:
    """Who would act for somebody, as typed. Raises ``RequestError``."""
    starts = day_of(sent, "starts") or today
    try:
        evidence = Evidence(sent.get("evidence", ""))
    except ValueError:
        raise RequestError("Say by what right they act.", "evidence") from None
    known = {one.value for one in access.Category}
    return Asked(
        username=sent.get("username", "").strip(),
        name=sent.get("name", "").strip(),
        evidence=evidence,
        categories=tuple(access.Category(one) for one in sent.getlist("category") if one in known),
        starts_on=starts,
        ends_on=day_of(sent, "ends"),
        review_on=day_of(sent, "review") or starts.replace(year=starts.year + 1, day=min(starts.day, 28)),
    )


def typed(sent: QueryDict) -> dict[str, Any]:
    """What was typed, to show the form again with it."""
    return {**sent.dict(), "category": sent.getlist("category"), "item": sent.getlist("item")}


def number_list(sent: QueryDict, field: str) -> list[int]:
    """The numbers of the boxes ticked; anything else is passed over."""
    return [int(one) for one in sent.getlist(field) if one.isascii() and one.isdigit() and len(one) < 19]
