"""Versions of packs: frozen by one person, signed off by another, and what has changed in their figures since."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from commonweal.apps.access import api as access
from commonweal.apps.reporting.figures import Published
from commonweal.apps.reporting.formats import day
from commonweal.apps.reporting.models import VersionRow
from commonweal.apps.reporting.pack.build import build
from commonweal.apps.reporting.pack.freeze import frozen, thawed
from commonweal.apps.reporting.pack.model import Figure, Pack, Standing
from commonweal.domain.errors import CommonwealError
from commonweal.domain.reporting.workflow import VERSION, after

COMMAND = "command line"


class VersionError(CommonwealError):
    """A version that cannot be prepared or decided as asked."""


@dataclass(frozen=True, slots=True)
class Version:
    """A frozen pack without its content: ``key`` addresses it, ``number`` counts within month and audience."""

    key: int
    period: str
    audience: str
    number: int
    title: str
    code: str
    state: str
    prepared_by: str
    prepared_name: str
    prepared_at: datetime
    decided_name: str
    decided_at: datetime | None
    note: str
    withdrawn_name: str
    withdrawn_at: datetime | None
    withdrawn_why: str
    steps: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        """As a rendering's cover says it."""
        decided = f"{self.decided_name}, {day(self.decided_at.date())}" if self.decided_at else ""
        prepared = f"{self.prepared_name}, {day(self.prepared_at.date())}"
        return Standing(self.number, self.state, self.code, prepared, decided)


_FIELDS = (
    "id",
    "period",
    "audience",
    "number",
    "title",
    "content_hash",
    "state",
    "prepared_by",
    "prepared_name",
    "prepared_at",
    "decided_name",
    "decided_at",
    "decision_note",
    "withdrawn_name",
    "withdrawn_at",
    "withdrawn_why",
)


def versions(period: str | None = None, state: str | None = None) -> list[Version]:
    """Versions, newest first."""
    rows = VersionRow.objects.order_by("-id")
    if period is not None:
        rows = rows.filter(period=period)
    if state is not None:
        rows = rows.filter(state=state)
    return [_version(row) for row in rows.values_list(*_FIELDS)]


def version(key: int) -> Version | None:
    """One version, by its key."""
    row = VersionRow.objects.filter(pk=key).values_list(*_FIELDS).first()
    return _version(row) if row is not None else None


def _version(row: Sequence[Any]) -> Version:
    held = dict(zip(_FIELDS, row, strict=True))
    return Version(
        key=held.pop("id"),
        code=held.pop("content_hash"),
        note=held.pop("decision_note"),
        steps=tuple(VERSION.get(held["state"], {})),
        **held,
    )


def content(key: int) -> Pack:
    """The pack of a version as it was frozen. Raises ``VersionError`` for none, or if its content was tampered with."""
    row = VersionRow.objects.filter(pk=key).values_list("body", "content_hash").first()
    if row is None:
        raise VersionError(f"there is no version {key}")
    try:
        return thawed(bytes(row[0]), row[1])
    except ValueError as problem:
        raise VersionError(str(problem)) from problem


def published_figures(period: str | None = None) -> dict[str, Published]:
    """What the newest version signed off said of each figure, by key; of one reporting month if asked."""
    rows = VersionRow.objects.filter(state="published").order_by("decided_at", "id")
    if period is not None:
        rows = rows.filter(period=period)
    found: dict[str, Published] = {}
    for number, decided, figures in rows.values_list("number", "decided_at", "figures"):
        on = day(decided.date()) if decided else ""
        for one in figures:
            found[one["key"]] = Published(one["text"], number, on)
    return found


def figures_of(key: int) -> dict[str, Published]:
    """What one version says of each figure, by key."""
    row = VersionRow.objects.filter(pk=key).values_list("number", "decided_at", "figures").first()
    if row is None:
        return {}
    number, decided, figures = row
    on = day(decided.date()) if decided else ""
    return {one["key"]: Published(one["text"], number, on) for one in figures}


def published_rows() -> list[tuple[Version, list[Figure]]]:
    """Every version signed off with its figures, oldest first."""
    rows = VersionRow.objects.filter(state="published").order_by("decided_at", "id")
    return [(_version(row[:-1]), [Figure(**one) for one in row[-1]]) for row in rows.values_list(*_FIELDS, "figures")]


def draft(period: str, audience: str, sections: Sequence[str] | None = None) -> Pack:
    """The pack as it would be frozen now, with figures restated since they were published."""
    return build(period, audience, sections, published=published_figures())


def prepare(actor: access.Actor, period: str, audience: str, sections: Sequence[str] | None = None) -> Version:
    """Freeze a pack for somebody else to sign off.

    Raises ``access.Refused``, ``UnknownPeriodError``, ``UnknownPartError``, or ``VersionError`` when the same content
    is waiting or published already.
    """
    with access.session(actor, access.default_purpose(actor), "prepare report", f"{period} {audience}") as session:
        session.require(access.Action.PREPARE_REPORT)
        return _store(period, audience, sections, actor.key, actor.name)


def prepare_by_command(period: str, audience: str, sections: Sequence[str] | None = None) -> Version:
    """As ``prepare``, by whoever holds the machine; a person signed in signs it off."""
    with access.service_run("prepare report", f"{period} {audience}") as actor:
        return _store(period, audience, sections, actor.key, f"the {COMMAND}")


def _store(period: str, audience: str, sections: Sequence[str] | None, who: str, name: str) -> Version:
    pack = draft(period, audience, sections)
    body, code = frozen(pack)
    with transaction.atomic():
        own = VersionRow.objects.filter(period=period, audience=audience)
        same = own.filter(content_hash=code, state__in=["prepared", "published"]).first()
        if same is not None:
            raise VersionError(f"version {same.number} has the same content and is {same.state}; nothing to freeze")
        last = own.aggregate(last=Max("number"))["last"] or 0
        row = VersionRow.objects.create(
            period=period,
            audience=audience,
            number=last + 1,
            title=pack.title,
            content_hash=code,
            body=body,
            figures=[asdict(one) for one in pack.figures],
            prepared_by=who,
            prepared_name=name,
            prepared_at=settings.COMMONWEAL_NOW(),
        )
    made = version(int(row.pk))
    if made is None:
        raise VersionError("the version could not be read back")
    return made


def decide(actor: access.Actor, key: int, step: str, note: str = "") -> str:
    """Sign off, return or withdraw a version. Its state after.

    Raises ``access.Refused``, ``TransitionError``, or ``VersionError``: one's own version, none of that key, or a
    return or withdrawal without a reason.
    """
    said = " ".join(note.split())[:1000]
    with access.session(actor, access.default_purpose(actor), f"{step} report", str(key)) as session:
        session.require(access.Action.SIGN_OFF_REPORT)
        row = VersionRow.objects.select_for_update().filter(pk=key).first()
        if row is None:
            raise VersionError(f"there is no version {key}")
        state = after(VERSION, row.state, step)
        if step != "sign_off" and not said:
            raise VersionError("say why, so that its author and later readers know")
        if step == "withdraw":
            row.withdrawn_by, row.withdrawn_name = actor.key, actor.name
            row.withdrawn_at, row.withdrawn_why = settings.COMMONWEAL_NOW(), said
        else:
            if row.prepared_by == actor.key:
                raise VersionError("somebody else has to sign off a version you prepared")
            row.decided_by, row.decided_name = actor.key, actor.name
            row.decided_at, row.decision_note = settings.COMMONWEAL_NOW(), said
        row.state = state
        row.save(
            update_fields=[
                "state",
                "decided_by",
                "decided_name",
                "decided_at",
                "decision_note",
                "withdrawn_by",
                "withdrawn_name",
                "withdrawn_at",
                "withdrawn_why",
            ]
        )
    return state
