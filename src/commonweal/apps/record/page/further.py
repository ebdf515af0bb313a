"""Headings of their own for what few sources send: goals, assessments, devices, legal information.

Each stands on the page only where there is something under it. What a line of one of these types says is here, since
nothing else shows them: an answered questionnaire its answers, a decision made ahead who decides or what is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from commonweal.apps.record import entries
from commonweal.apps.record.entries import Entry, Json, text_of, words_for
from commonweal.apps.record.page.grouping import grouped
from commonweal.apps.record.page.model import Section
from commonweal.apps.record.page.reading import Reading, Row
from commonweal.apps.record.staging import happened

# (id, heading, types)
_HEADINGS = (
    ("legal", "Legal information", ("Consent",)),
    ("goals", "Goals", ("Goal",)),
    ("assessments", "Assessments", ("QuestionnaireResponse", "ClinicalImpression", "RiskAssessment")),
    ("devices", "Devices and equipment", ("Device", "DeviceUseStatement", "DeviceRequest", "SupplyDelivery")),
)
TYPES = frozenset(kind for _, _, kinds in _HEADINGS for kind in kinds)
# Statuses by which one no longer holds; of types not named here (an assessment, a delivery) being done is no end.
_OVER: Mapping[str, frozenset[str]] = {
    "Consent": frozenset(("inactive", "rejected")),
    "Device": frozenset(("inactive",)),
    "DeviceUseStatement": frozenset(("completed", "stopped")),
    "Goal": frozenset(("completed", "cancelled", "rejected")),
}
# What one says holds for its own subject, so that only what says the very same is folded under another.
_EACH = frozenset(("Consent", "ClinicalImpression", "RiskAssessment"))
_MOST = 12  # answers of a questionnaire that are shown; how many more there are is said
_TITLE = "http://hl7.org/fhir/StructureDefinition/display"  # of a questionnaire: its name, beside its address


def further(reading: Reading, surveys: Sequence[Row]) -> tuple[tuple[str, str, Section], ...]:
    """(id, heading, section) of each heading that has something; ``surveys`` are Observations by an assessment."""
    found = []
    for ident, heading, kinds in _HEADINGS:
        rows = _once(reading.of(*kinds)) if ident == "devices" else reading.of(*kinds)
        if ident == "assessments":
            rows = [*rows, *surveys]
        rows = sorted(rows, key=lambda row: happened(row.resource) or "", reverse=True)
        names = _devices(reading) if ident == "devices" else {}
        listed = [_line(row, reading.names, names) for row in rows]
        if listed:
            held, over = ([item for item in listed if _over(item) is ended] for ended in (False, True))
            found.append((ident, heading, Section(grouped(held), grouped(over), ())))
    return tuple(found)


def spaced(kind: str) -> str:
    """``RelatedPerson`` → ``Related person``."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip()
    return words[:1].upper() + words[1:]


def _over(item: Entry) -> bool:
    return item.status in _OVER.get(item.type, ())


def _line(row: Row, names: Mapping[str, str], devices: Mapping[tuple[str, str], str]) -> Entry:
    """A row as a line of the page."""
    item = entries.entry(row.resource, row.source, names[row.source])
    if row.kind == "DeviceUseStatement":
        device = row.resource.get("device") or {}
        named = devices.get((row.source, _device(row)), "") or str(device.get("display") or "")
    else:
        named = _TITLES[row.kind](row.resource) if row.kind in _TITLES else ""
    if item.text == entries.UNDESCRIBED or row.kind in _TITLES:
        item = item._replace(text=named or (item.text if item.text != entries.UNDESCRIBED else spaced(item.type)))
    said = _DETAILS[row.kind](row.resource) if row.kind in _DETAILS else ""
    item = item._replace(detail=said or item.detail)
    return (
        item._replace(code=f"{item.text}: {item.detail}")
        if row.kind in _EACH or item.text == spaced(item.type)
        else item
    )


def _once(rows: Sequence[Row]) -> list[Row]:
    """Without the devices of which a statement says that they are used: each is said once, with since when."""
    used = {(row.source, _device(row)) for row in rows if row.kind == "DeviceUseStatement"}
    return [row for row in rows if row.kind != "Device" or (row.source, str(row.resource.get("id"))) not in used]


def _devices(reading: Reading) -> dict[tuple[str, str], str]:
    """What each device is called, by source and id."""
    return {
        (row.source, str(row.resource.get("id"))): text_of(row.resource.get("type")) or _named(row.resource)
        for row in reading.of("Device")
    }


def _device(row: Row) -> str:
    return str((row.resource.get("device") or {}).get("reference", "")).rpartition("/")[2]


def _named(device: Json) -> str:
    return next((str(one["name"]) for one in device.get("deviceName", ()) if one.get("name")), "")


def _titled(response: Json) -> str:
    """What was filled in, as the source calls it."""
    beside = response.get("_questionnaire") or {}
    return next((str(e.get("valueString", "")) for e in beside.get("extension", ()) if e.get("url") == _TITLE), "")


def _answers(response: Json) -> str:
    """``Question: answer`` of each that was answered, in order."""
    said = [f"{question}: {answer}" for question, answer in _asked(response)]
    more = [f"and {len(said) - _MOST} more answers"] if len(said) > _MOST else []
    return "; ".join([*said[:_MOST], *more])


def _asked(part: Json) -> Iterator[tuple[str, str]]:
    for item in part.get("item", ()):
        given = [_answer(one) for one in item.get("answer", ())]
        if any(given):
            yield str(item.get("text") or item.get("linkId", "")), ", ".join(filter(None, given))
        for inner in (item, *item.get("answer", ())):
            yield from _asked(inner)


def _answer(answer: Json) -> str:
    for name, value in answer.items():
        if name == "valueBoolean":
            return "yes" if value else "no"
        if name == "valueCoding":
            return str(value.get("display") or value.get("code", ""))
        if name == "valueQuantity":
            return f"{value.get('value', '')} {value.get('unit', '')}".strip()
        if name in ("valueDate", "valueDateTime"):
            return words_for(value)
        if name.startswith("value") and isinstance(value, str | int | float):
            return str(value)
    return ""


def _decided(consent: Json) -> str:
    """Who may decide, what is refused or agreed to, and where the document is."""
    provision = consent.get("provision") or {}
    said = [
        ": ".join(filter(None, (text_of(one.get("role")), str((one.get("reference") or {}).get("display") or ""))))
        for one in provision.get("actor", ())
        if (one.get("reference") or {}).get("display")
    ]
    about = ", ".join(filter(None, (text_of(one) for one in provision.get("code", ()))))
    if about:
        said.append(f"{'Refuses' if provision.get('type') == 'deny' else 'Agrees to'}: {about}")
    said.append(str((consent.get("sourceAttachment") or {}).get("title") or ""))
    return ". ".join(filter(None, said))


def _aimed(goal: Json) -> str:
    """Whether it has been reached, else by when it is to be."""
    achieved = entries.first_code(goal.get("achievementStatus"))
    if achieved in ("achieved", "not-achieved", "not-attainable"):
        return achieved.replace("-", " ").capitalize()
    due = next((words_for(one["dueDate"]) for one in goal.get("target", ()) if one.get("dueDate")), "")
    return f"By {due}" if due else ""


def _impression(found: Json) -> str:
    return ": ".join(filter(None, (str(found.get(name) or "") for name in ("description", "summary"))))


def _used(statement: Json) -> str:
    notes = [str(one.get("text") or "") for one in statement.get("note", ())]
    return ". ".join(filter(None, (text_of(statement.get("bodySite")), *notes)))


def _predicted(risk: Json) -> str:
    """What may happen, and how likely it is, as the source says it."""
    found = []
    for one in risk.get("prediction", ()):
        likely = text_of(one.get("qualitativeRisk")) or str(one.get("probabilityDecimal", ""))
        found.append(": ".join(filter(None, (text_of(one.get("outcome")), likely))))
    return "; ".join(filter(None, found))


_TITLES: Mapping[str, Callable[[Json], str]] = {"QuestionnaireResponse": _titled}
_DETAILS: Mapping[str, Callable[[Json], Any]] = {
    "ClinicalImpression": _impression,
    "Consent": _decided,
    "DeviceUseStatement": _used,
    "Goal": _aimed,
    "QuestionnaireResponse": _answers,
    "RiskAssessment": _predicted,
}
