"""From a profile to a proposed mapping: a draft that a person reads, corrects and answers for.

Guesses are made from the words of a header and what its cells look like, and each is said in the file beside what it
concerns. Nothing is guessed silently: a column that is not understood is left out of what lands, by name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from commonweal.feeds import people
from commonweal.feeds.mapped.kinds import Kind, kinds
from commonweal.feeds.mapped.language import DELIMITERS, MappingFault, nearest
from commonweal.feeds.mapped.profiling import ColumnProfile, Profile

# Words of a header, whole or joined, by what they most likely mean; the first that fits an unused column counts.
_WORDS: dict[str, tuple[str, ...]] = {
    "nhs_number": ("nhsnumber", "nhsno", "nhsnum", "nhs"),
    "local_id": ("patientid", "clientid", "personid", "localpatientid", "localid", "hospitalnumber", "mrn", "clientref",
                 "patientref", "patientnumber", "clientnumber", "unitnumber", "client", "patient", "pid"),
    "given": ("givenname", "forename", "firstname", "forenames", "given"),
    "family": ("familyname", "surname", "lastname", "family"),
    "birth_date": ("birthdate", "dateofbirth", "dob", "born"),
    "death_date": ("dateofdeath", "deathdate", "dod"),
    "gender": ("gender", "sex"),
    "ethnicity": ("ethniccategory", "ethnicity", "ethnicorigin"),
    "postcode": ("postcode", "postalcode"),
    "practice": ("gppracticecode", "practicecode", "gppractice", "gpsurgerycode", "surgerycode", "gpcode", "gpods",
                 "registeredgp", "practice", "surgery"),
    "reference": ("contactid", "contactref", "visitid", "visitref", "appointmentid", "activityid", "eventid",
                  "recordid", "carecontactid", "referralid", "episodeid",
                  "incidentid", "incidentnumber", "reference", "ref", "id"),
    "start": ("contactdate", "visitdate", "appointmentdate", "activitydate", "eventdate", "startdate", "referraldate",
              "seen", "starttime", "calltime", "date"),
    "end": ("enddate", "dischargedate", "closedate", "endtime", "cleartime"),
    "status": ("attended", "attendance", "outcome", "status"),
    "class": ("contacttype", "medium", "contactmethod", "consultationmedium", "setting", "location", "mode", "how"),
    "team": ("team", "teamname", "service", "servicename"),
    "reason": ("reason", "referralreason", "presentingcomplaint", "complaint", "problem"),
    "type": ("activitytype", "type", "visittype", "appointmenttype"),
}  # fmt: skip
PERSON = ("local_id", "nhs_number", "family", "given", "birth_date", "death_date", "gender", "ethnicity", "postcode",
          "practice")  # fmt: skip
_MUST_BE = {"birth_date": ("date",), "death_date": ("date",), "start": ("date", "time"), "end": ("date", "time")}
_CLASSES = (
    (("tele", "phone", "video", "virtual", "online", "call"), "VR"),
    (("home", "domicil"), "HH"),
    (("ward", "inpatient", "bed"), "IMP"),
    (("emergency", "999"), "EMER"),
)
_STATUSES = (
    (("not attend", "dna", "cancel", "missed", "not brought", "no access", "refused", "no", "n"), "cancelled"),
    (("progress", "open", "ongoing"), "in-progress"),
    (("book", "planned", "future", "schedul"), "planned"),
)
_GENDERS = ((("female", "woman", "girl", "f"), "female"), (("male", "man", "boy", "m"), "male"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person has said of the feed; ``columns`` by what they are for settles what was guessed."""

    feed: str
    supplier: str
    valid_from: date
    sources: tuple[str, ...] = ()
    type: str = "Encounter"
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping as YAML, what each column was taken for, and what a person has to look at."""

    text: str
    roles: dict[str, str]
    doubts: tuple[str, ...]


def roles(sample: Profile, said: dict[str, str]) -> dict[str, str]:
    """Purpose → column: what was said, then what the headers and cells suggest. Raises ``MappingFault``."""
    names = [one.name for one in sample.columns]
    for purpose, column in said.items():
        if purpose not in _WORDS:
            raise MappingFault(f"a column cannot be for {purpose!r}; {nearest(purpose, _WORDS)}")
        if column not in names:
            raise MappingFault(f"the sample has no column {column!r}; {nearest(column, names)}")
    found = dict(said)
    for number in (one.name for one in sample.columns if one.kind == "nhs_number"):
        found.setdefault("nhs_number", number)
    for purpose, words in _WORDS.items():
        if purpose in found:
            continue
        free = [one for one in sample.columns if one.name not in found.values() and _able(one, purpose)]
        match = next((one.name for word in words for one in free if _plain(one.name) == word), "")
        if not match:
            match = next((one.name for word in words if len(word) > 3 for one in free if word in _plain(one.name)), "")
        if match:
            found[purpose] = match
    return found


def _able(column: ColumnProfile, purpose: str) -> bool:
    wanted = _MUST_BE.get(purpose)
    if wanted:
        return column.kind in wanted
    if purpose in PERSON and purpose != "local_id" and column.kind == "empty":
        return True  # nobody of the sample has one; what it is for its header says
    return column.kind not in ("date", "time", "empty")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def propose(sample: Profile, wanted: Wanted) -> Proposal:
    """A mapping for the sample. Raises ``MappingFault`` when something only a person can know is missing."""
    kind = kinds().get(wanted.feed)
    if kind is None:
        raise MappingFault(f"{wanted.feed!r} is no kind of feed; {nearest(wanted.feed, kinds())}")
    if kind.zone != "record":
        raise MappingFault(
            f"{kind.name} is not proposed from a sample; copy the shipped mapping of {kind.feed} and edit it"
        )
    if wanted.type not in kind.types:
        raise MappingFault(f"{kind.name} does not yield {wanted.type!r}; {nearest(wanted.type, kind.types)}")
    if wanted.type not in ("Encounter", "EpisodeOfCare"):
        raise MappingFault("Encounter and EpisodeOfCare are proposed; write the mapping of another type by hand")
    found = roles(sample, wanted.columns)
    for purpose, flag in (("local_id", "--local-id"), ("reference", "--reference"), ("start", "--date")):
        if purpose not in found:
            names = ", ".join(one.name for one in sample.columns)
            raise MappingFault(f"which column is the {purpose.replace('_', ' ')}? say {flag}; the columns are: {names}")
    return _Writer(sample, wanted, kind, found).proposal()


class _Writer:
    def __init__(self, sample: Profile, wanted: Wanted, kind: Kind, found: dict[str, str]) -> None:
        self.sample, self.wanted, self.kind, self.found = sample, wanted, kind, found
        self.doubts: list[str] = []
        self.maps: dict[str, list[tuple[str, str]]] = {}

    def proposal(self) -> Proposal:
        body = [*self._resource()]
        person = [f"  {name}: {self._person(name)}" for name in PERSON if name in self.found]
        lines = [
            f"feed: {self.wanted.feed}",
            f"supplier: {quoted(self.wanted.supplier)}",
            f"valid_from: {self.wanted.valid_from.isoformat()}",
            f"sources: [{', '.join(map(quoted, self.wanted.sources))}]",
            "about: ''  # what the file is, who sends it, and where its specification is",
            *self._file(),
            "columns:",
            *(self._column(one) for one in self.sample.columns),
            *self._code_maps(),
            "person:",
            *person,
            f"latest_by: {quoted(self.found['start'])}  # the latest row says what a person is called now",
            "resources:",
            *body,
        ]
        return Proposal("\n".join(lines) + "\n", self.found, tuple(self.doubts))

    def _file(self) -> list[str]:
        words = {sign: word for word, sign in DELIMITERS.items()}
        return [f"file: {{encoding: {self.sample.encoding}, delimiter: {words[self.sample.delimiter]}}}"]

    def _column(self, one: ColumnProfile) -> str:
        parts = []
        if one.kind in ("date", "time"):
            parts.append(f"{one.kind}: '{one.form}'")
            if one.also:
                self.doubts.append(f"{one.name}: every date fits {one.form} and {one.also}; ask the supplier which")
        elif one.kind in ("integer", "decimal"):
            parts.append(f"{one.kind}: ''")
        if one.name in [self.found[name] for name in ("local_id", "reference", "start")]:
            parts.append("required: true")
        used = one.name in self.found.values()
        if not used:
            parts = ["ignored: true"]
            self.doubts.append(f"{one.name}: not understood, so not mapped; the landed file keeps it")
        return f"  {quoted(one.name)}: {{{', '.join(parts)}}}  # {self._note(one)}"

    def _note(self, one: ColumnProfile) -> str:
        missing = 1 - one.filled / self.sample.rows
        ranged = f", {one.low} to {one.high}" if one.low else ""
        codes = f", {len(one.codes)} codes" if one.codes else ""
        return f"{one.kind.replace('_', ' ')}, {missing:.0%} missing{ranged}{codes}"

    def _code_maps(self) -> list[str]:
        if not self.maps:
            return []
        lines = ["code_maps:  # the left side is the supplier's; correct the right side"]
        for name, rows in self.maps.items():
            lines.append(f"  {name}:")
            lines += [f"    {quoted(cell)}: {code}" for cell, code in rows]
        return lines

    def _person(self, name: str) -> str:
        column = self.sample.column(self.found[name])
        if name == "gender" and any(people.gender(cell) is None for cell, _ in column.codes):
            self.maps["gender"] = [(cell, _first(cell, _GENDERS, "unknown")) for cell, _ in column.codes]
            self.doubts.append("gender: the codes were guessed; look at code_maps")
            return f"{{column: {quoted(column.name)}, map: gender}}"
        return quoted(column.name)

    def _resource(self) -> list[str]:
        found = self.found
        reference, start = quoted(found["reference"]), quoted(found["start"])
        end = quoted(found["end"]) if "end" in found else ""
        episode = self.wanted.type == "EpisodeOfCare"
        lines = [f"  {'referral' if episode else 'contact'}:", f"    type: {self.wanted.type}"]
        lines += [f"    reference: {reference}", "    elements:"]
        if episode:
            status = f"{{column: {end}, present: finished, absent: active}}" if end else "{value: active}"
            lines += [f"      status: {status}", "      managingOrganization: {is_source: true}"]
        else:
            lines += [f"      status: {self._status()}", f"      class: {self._class()}"]
            lines += ["      serviceProvider: {is_source: true}"]
        lines.append(f"      period.start: {start}")
        if end:
            lines.append(f"      period.end: {end}")
        if "team" in found:
            path = "careManager" if episode else "participant.individual"
            lines.append(f"      {path}: {quoted(found['team'])}")
        for purpose, path in (("type", "type"), ("reason", "reasonCode")):
            if purpose in found and not (episode and purpose == "reason"):
                system = "community-contact-type" if purpose == "type" else "community-referral-reason"
                lines.append(f"      {path}: {{column: {quoted(found[purpose])}, system: {system}}}")
        if "team" in found:
            lines += ["    extensions:", f"      responsible-team: {quoted(found['team'])}"]
        return lines

    def _status(self) -> str:
        return self._guessed("status", _STATUSES, "finished", "")

    def _class(self) -> str:
        default = "EMER" if self.wanted.feed == "ambulance" else "AMB"
        return self._guessed("class", _CLASSES, default, ", system: encounter-class")

    def _guessed(self, purpose: str, words: Sequence[tuple[Sequence[str], str]], default: str, more: str) -> str:
        column = self.sample.column(self.found[purpose]) if purpose in self.found else None
        if column is None or not column.codes:
            self.doubts.append(f"{purpose}: {default!r} for every row, since no column says it")
            return f"{{value: {default}{more}}}"
        self.maps[purpose] = [(cell, _first(cell, words, default)) for cell, _ in column.codes]
        self.doubts.append(f"{purpose}: the codes of {column.name} were guessed; look at code_maps")
        return f"{{column: {quoted(column.name)}, map: {purpose}, otherwise: {default}{more}}}"


def _first(cell: str, words: Sequence[tuple[Sequence[str], str]], default: str) -> str:
    plain = cell.casefold()
    for known, code in words:
        if any(plain == word or (len(word) > 2 and word in plain) for word in known):
            return code
    return default


def quoted(text: str) -> str:
    """A text as YAML reads it back, in quotes where it needs them."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ()/-]*", text) and not text.endswith(" "):
        return text
    return "'" + text.replace("'", "''") + "'"
