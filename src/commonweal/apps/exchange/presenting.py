"""A feed's health in words and pictures, for its pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from commonweal.apps.exchange import mappings
from commonweal.apps.exchange.errors import BadOwners, NoMapping
from commonweal.apps.exchange.owners import Owner, owner_among
from commonweal.apps.exchange.owners import owners as read_owners
from commonweal.apps.record import api as record
from commonweal.charts.control import Mark, control_chart
from commonweal.charts.drawings import Chart
from commonweal.domain.exchange.health import Health, Point, in_words
from commonweal.feeds.mapped.kinds import kinds

_FIELD_NAMES = {
    "nhs_number": "NHS number given", "family": "Family name", "birth_date": "Date of birth", "gender": "Gender",
    "ethnicity": "Ethnic category", "postcode": "Postcode", "practice": "General practice",
}  # fmt: skip


def kind_names() -> dict[str, str]:
    """What feeds that are read by a mapping are called."""
    return {feed: one.name for feed, one in kinds().items()}


def feed_names() -> dict[str, str]:
    """What today's feeds are called."""
    named = {one.feed: one.name for one in record.feed_facts(settings.COMMONWEAL_NOW().date()).values()}
    return kind_names() | named


def owners() -> list[Owner] | None:
    """Whose feeds are, read once for a page; None where the list cannot be read."""
    try:
        return read_owners()
    except BadOwners:
        return None


def _owned(feed: str, source: str, owners: list[Owner] | None) -> dict[str, Any]:
    """Whose a feed is today, in words, and whether that is anybody's but the administrators'."""
    if owners is None:
        return {"owner": "The list of owners cannot be read, so administrators are told", "owned": False}
    owner = owner_among(owners, feed, source, settings.COMMONWEAL_NOW().date())
    return {"owner": owner.words if owner else "Administrators, for want of another", "owned": owner is not None}


def row(one: Health, names: Mapping[str, str], feeds: Mapping[str, str], owners: list[Owner] | None) -> dict[str, Any]:
    """One feed for a table: every figure as text, with what stands for a missing one."""
    latest = one.points[-1] if one.points else None
    return {
        "source": one.source,
        "source_name": names.get(one.source, one.source),
        "feed": one.feed,
        "feed_name": feeds.get(one.feed, one.feed),
        "last": one.last,
        "due": one.due,
        "last_day": _day(one.last),
        "due_day": _day(one.due),
        "late": f"{in_words(one.late)} late" if one.late else "",
        "rows": f"{latest.rows:,}" if latest else "",
        "expected": _limits(latest),
        "beyond": latest.beyond if latest else 0,
        "valid": _share(one.nhs_number_valid),
        "aside": _share(one.quarantined),
        **_owned(one.feed, one.source, owners),
        "troubles": [text[:1].upper() + text[1:] for _, text in one.troubles],
    }


def _limits(point: Point | None) -> str:
    if point is None or point.lower is None or point.upper is None:
        return ""
    return f"{point.lower:,.0f} to {point.upper:,.0f}"


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y}" if at else ""


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def completeness(one: Health) -> list[tuple[str, str]]:
    """Fields of a person with the share that has them, the least complete first."""
    shares = sorted(one.completeness, key=lambda pair: pair[1])
    return [(_FIELD_NAMES.get(name, name), f"{share:.1%}") for name, share in shares]


def chart(one: Health) -> Chart | None:
    """Rows received a period with control limits; ``None`` before a whole period has passed."""
    if not one.points:
        return None
    marks = [
        Mark(
            on=point.start,
            at=point.start.strftime("%d %b %Y"),
            value=float(point.rows),
            label=f"{point.rows:,}",
            kind="Signal" if point.beyond else "No signal",
            said={1: "more than the limit", -1: "fewer than the limit", 0: ""}[point.beyond],
            mean=point.mean,
            lower=point.lower,
            upper=point.upper,
            target=None,
        )
        for point in one.points
    ]
    beyond = sum(point.beyond != 0 for point in one.points)
    said = f"Rows received in each of {len(marks)} periods; {beyond or 'none'} beyond the limits."
    return control_chart(name="volume", title="Rows received", axis="Rows", marks=marks, zero=True, said=said)


def mapping_words(feed: str, source: str) -> dict[str, str] | None:
    """Which mapping a file of this feed would be read with today; ``None`` for a feed with a reader of its own."""
    if mappings.kind_of(feed) is None:
        return None
    try:
        version = mappings.current(feed, source)
    except NoMapping as missing:
        return {"label": "", "about": str(missing), "since": ""}
    since = version.mapping.valid_from.strftime("%d %B %Y").lstrip("0")
    return {"label": version.mapping.label, "about": version.mapping.about, "since": since}
