"""One write as asked for, from a request or an entry of a Bundle, made into what the store is to do.

https://hl7.org/fhir/R4/http.html#create to #delete. Each source changes only its own resources: a partner's system
(role ``service``) creates, updates, patches and deletes its organisation's. Everybody else adds: care staff create,
about a person they have opened, in categories the policies let them write, and what they add is their
organisation's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from commonweal.apps.access import api as access
from commonweal.apps.record import adding, own_entries, writing
from commonweal.apps.record.conformance.checking import Incoming
from commonweal.apps.record.rest import bodies, preconditions
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import problem
from commonweal.apps.record.rest.matching import match
from commonweal.apps.record.rest.people import only, whose
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.writing import Done, Wanted
from commonweal.fhir import splice
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.errors import Invalid
from commonweal.fhir.patching import patched
from commonweal.fhir.primitives import is_id

_BY_REFERENCE = "a reference to a Patient, such as Patient/123"
_PATCH_STATUS = {"patch-test-failed": 409, "patch-malformed": 400}


@dataclass(frozen=True, slots=True)
class Ask:
    """One write. ``text``: the resource as sent; ``patch``: operations on it; ``at``: its entry in a Bundle."""

    method: str
    kind: str
    ident: str = ""
    query: str = ""  # of a conditional update, patch or delete
    text: str = ""
    patch: bytes = b""
    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str = ""
    found: bool = False  # the id is what the condition found: the body need not repeat it
    new_id: str = ""  # for a create: what a Bundle's other entries refer to already
    at: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an ``Ask``, and what validation remarked."""

    ask: Ask
    done: Done
    warnings: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Planned:
    ask: Ask
    wanted: Wanted | None  # None: it is there already
    there: Done | None
    warnings: tuple[Issue, ...]


class Writer:
    """Writes inside one access session. Every failure is a ``Problem`` or ``WriteRefused``; the session rolls back."""

    def __init__(self, session: access.AccessSession) -> None:
        self.session = session
        self._incoming = Incoming(session.actor.organisation, session.now.date())
        self.scope = None if session.actor.role in access.CARE_ROLES else session.open_source()

    def write(self, asks: Sequence[Ask]) -> list[Written]:
        """Do what is asked, and audit whom it is about; answers in the order of ``asks``."""
        if self.scope is None:
            return [self._add(ask) for ask in asks]
        planned = [self._plan(self.scope, ask) for ask in asks]
        written = [(one.ask, one.wanted) for one in planned if one.wanted is not None]
        _no_resource_twice(planned)
        try:
            stored = iter(writing.store(self.scope, [wanted for _, wanted in written]) if written else ())
        except writing.WriteRefused as refused:
            refused.at = written[refused.n][0].at
            raise
        done = [one.there or next(stored) for one in planned]
        self.session.disclose(own_entries.people_in(one.compartment for one in done))
        return [Written(one.ask, result, one.warnings) for one, result in zip(planned, done, strict=True)]

    def resolve(self, ask: Ask) -> Ask:
        """``ask`` with the id it comes to: a create's new one, or that of what its condition finds."""
        if ask.method == "POST":
            there = self._there(self.scope, ask) if self.scope is not None else None
            if there is not None:
                return replace(ask, new_id=there.stored.id, found=True)
            return ask if ask.new_id else replace(ask, new_id=str(uuid4()))
        if ask.query and self.scope is not None:
            found = self._one(self.scope, ask)
            if found is not None:
                return replace(ask, ident=found.stored.id, query="", found=True)
            stated = bodies.parsed(ask.text.encode()).get("id") if ask.text else None
            return replace(ask, new_id=str(stated) if is_id(stated) else str(uuid4()))
        return ask

    def _plan(self, scope: access.SourceScope, ask: Ask) -> _Planned:
        _known(ask)
        if ask.method == "POST":
            return self._create(scope, ask)
        if ask.query:
            found = self._one(scope, ask)
            if found is not None:
                ask = replace(ask, ident=found.stored.id, query="", found=True)
            elif ask.method == "DELETE":  # https://hl7.org/fhir/R4/http.html#3.1.0.7.1: nothing to delete is no failure
                return _Planned(ask, None, writing.nothing(ask.kind, scope), ())
            elif ask.method == "PATCH":
                raise problem(404, "not-found", "Nothing of your organisation's matches the condition", ask.at)
        versions = preconditions.versions(ask.if_match)
        if ask.method == "DELETE":
            return _Planned(ask, Wanted(ask.kind, ask.ident, None, {}, versions=versions), None, ())
        if ask.method == "PATCH":
            held = own_entries.read_own(scope, ask.kind, ask.ident)
            if held is None or held[0].deleted:
                raise problem(404, "not-found", "Your organisation holds no such resource", ask.at)
            versions = versions if versions is not None else frozenset((held[0].version,))
            try:
                ask = replace(ask, text=patched(held[0].body.decode(), ask.patch))
            except Invalid as bad:
                raise bodies.invalid(bad, _PATCH_STATUS.get(bad.rule, 422)) from None
        return self._update(ask, versions)

    def _create(self, scope: access.SourceScope, ask: Ask) -> _Planned:
        if ask.found:
            held = own_entries.read_own(scope, ask.kind, ask.new_id)
            there = Done("unchanged", *held) if held is not None and not held[0].deleted else None
        else:
            there = self._there(scope, ask)
        if there is not None:
            return _Planned(ask, None, there, ())
        ident = ask.new_id or str(uuid4())
        wanted, warnings = self._wanted(ask, ident)
        return _Planned(ask, replace(wanted, new=True), None, warnings)

    def _update(self, ask: Ask, versions: frozenset[int] | None) -> _Planned:
        resource = bodies.parsed(ask.text.encode())
        stated = resource.get("id")
        at = f"{ask.at}.resource.id" if ask.at else f"{ask.kind}.id"
        if ask.query:  # a conditional update that found nothing: a create, under the id it states if any
            ident, made = (stated, False) if stated is not None else (ask.new_id or str(uuid4()), True)
            if not is_id(ident):
                raise problem(400, "value", "An id has 1 to 64 letters, digits, - and .", at)
            wanted, warnings = self._wanted(ask, ident, resource)
            return _Planned(ask, replace(wanted, new=made, absent=True, versions=versions), None, warnings)
        if stated != ask.ident and not (stated is None and ask.found):
            raise problem(400, "invalid", "The id in the body is the one in the address", at)
        wanted, warnings = self._wanted(ask, ask.ident, resource)
        absent = ask.if_none_match.strip() == "*"
        return _Planned(ask, replace(wanted, versions=versions, absent=absent), None, warnings)

    def _wanted(
        self, ask: Ask, ident: str, resource: Mapping[str, Any] | None = None
    ) -> tuple[Wanted, tuple[Issue, ...]]:
        return wanted(self._incoming, ask, ident, resource, adding=self.scope is None)

    def _there(self, scope: access.Scope | access.SourceScope, ask: Ask) -> Done | None:
        """What the condition of a create finds, if it has one. Raises Problem 412 when it finds several."""
        found = _matches(scope, ask, ask.if_none_exist) if ask.if_none_exist else []
        if len(found) > 1:
            raise problem(412, "multiple-matches", "Several resources match If-None-Exist", ask.at)
        return Done("unchanged", *found[0]) if found else None

    def _one(self, scope: access.SourceScope, ask: Ask) -> Done | None:
        """What the condition of ``ask`` finds, if anything. Raises Problem 412 when it finds several."""
        found = _matches(scope, ask, ask.query)
        if len(found) > 1:
            raise problem(412, "multiple-matches", "Several resources match the condition", ask.at)
        return Done("unchanged", *found[0]) if found else None

    def _add(self, ask: Ask) -> Written:
        """Care staff add: a resource about a person they open by it, filed as their organisation's."""
        _known(ask)
        if ask.method != "POST":
            raise problem(
                403, "forbidden", "Only the organisation's own system changes what is recorded; add to it", ask.at
            )
        if ask.kind == "Patient":
            raise problem(403, "forbidden", "Only an organisation's own system registers people", ask.at)
        ident = ask.new_id or str(uuid4())
        wanted, warnings = self._wanted(ask, ident)
        if wanted.person is None:
            raise problem(403, "forbidden", "Only an organisation's own system adds what is about nobody", ask.at)
        person_id, compartments = only(whose("Patient", [wanted.person]))
        scope = self.session.open_person(person_id, compartments)
        there = self._there(scope, ask)
        if there is not None:
            return Written(ask, there)
        own = self.session.add_to(scope)
        compartment = adding.compartment(own, scope, compartments, wanted.person)
        done = writing.store(own, [replace(wanted, person=None, compartment=compartment, new=True)])
        return Written(ask, done[0], warnings)


def _matches(scope: access.Scope | access.SourceScope, ask: Ask, query: str) -> list[own_entries.Own]:
    try:
        return match(scope, ask.kind, query)
    except BadSearch as bad:
        raise problem(400, "invalid", str(bad), ask.at) from None


def wanted(
    incoming: Incoming, ask: Ask, ident: str, resource: Mapping[str, Any] | None = None, *, adding: bool = False
) -> tuple[Wanted, tuple[Issue, ...]]:
    """The resource of ``ask``, valid, with its id in its text; ``adding``: to a record it must name. Raises Problem."""
    known = bodies.parsed(ask.text.encode()) if resource is None else resource
    said = {**known, "id": ident}
    warnings = bodies.checked(said, ask.kind, ask.at)
    warnings += bodies.held_to_profiles(incoming, said, ask.at)
    person = ident if ask.kind == "Patient" else bodies.whose(said)
    if bodies.names_nobody(person):
        if adding:  # care staff: there is no record it could be added to
            raise problem(422, "business-rule", f"Say whose it is: {_BY_REFERENCE}", ask.at or ask.kind)
        remark = f"It does not say whose it is, so it is in nobody's record; send it with {_BY_REFERENCE}"
        warnings.append(Issue("warning", "business-rule", remark, ask.at or ask.kind))
    try:
        text = splice.content(ask.text, ident, known)
    except Invalid as bad:
        raise bodies.invalid(bad) from None
    return Wanted(ask.kind, ident, text, said, person), tuple(warnings)


def _known(ask: Ask) -> None:
    if ask.kind not in resource_types():
        raise problem(404, "not-supported", f"FHIR R4 has no {ask.kind}", ask.at)
    if ask.ident and not is_id(ask.ident):
        raise problem(400, "value", "An id has 1 to 64 letters, digits, - and .", ask.at)


def _no_resource_twice(planned: Iterable[_Planned]) -> None:
    """https://hl7.org/fhir/R4/http.html#transaction: identities that overlap fail the transaction."""
    seen: dict[tuple[str, str], bool] = {}  # and whether it is written
    for one in planned:
        done = one.wanted or (one.there.stored if one.there else None)
        if done is None or not done.id:
            continue
        key = (done.type, done.id)
        if key in seen and (one.wanted is not None or seen[key]):
            raise problem(400, "invalid", f"{key[0]}/{key[1]} is written twice in one transaction", one.ask.at)
        seen[key] = one.wanted is not None
