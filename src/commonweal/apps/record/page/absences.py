"""Why a section shows nothing, or not everything: the five messages of ``access.api.explain``."""

from collections.abc import Mapping

from commonweal.apps.access.api import Message, explain
from commonweal.apps.record.page.reading import Reading
from commonweal.fhir.dates import LONDON

# The types that say something of a subject which some feeds do not carry (``not_sent`` of ``feed_facts.csv``).
_SAYING: Mapping[str, tuple[str, ...]] = {
    "Allergies": ("AllergyIntolerance",),
    "Problems": ("Condition",),
    "Medicines": ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
}


class Absences:
    """Says of each section what may be missing from it."""

    def __init__(self, reading: Reading) -> None:
        self._scope, self._names, self._facts = reading.scope, reading.names, reading.facts
        self._feeds = sorted({(row.source, row.feed) for row in reading.rows})
        self._by_kind = reading.by_kind
        self._silent = tuple(
            (self._names[source], last.astimezone(LONDON))
            for (source, feed) in self._feeds
            if (last := reading.heard.get((source, feed))) is not None
            and reading.now - last > self._facts[feed].overdue
        )

    def of(
        self, subject: str, category: str, *, recorded: bool, none_known: bool = False, silent: bool = True
    ) -> tuple[Message, ...]:
        """Messages of a section whose rows are of ``category``; ``silent``: also say which sources are overdue."""
        withheld = any(item.covers(category) for item in self._scope.withheld)
        # A source that says something of it by another feed shares it, whatever its main feed leaves out.
        told = {row.source for kind in _SAYING.get(subject, ()) for row in self._by_kind.get(kind, ())}
        return explain(
            subject,
            recorded=recorded,
            none_known=none_known,
            withheld=withheld,
            may_emergency=self._scope.may_emergency,
            not_shared_by=tuple(
                dict.fromkeys(
                    self._names[source]
                    for source, feed in self._feeds
                    if subject in self._facts[feed].not_sent and source not in told
                )
            ),
            others_share=any(subject not in self._facts[feed].not_sent for _, feed in self._feeds),
            silent=self._silent if silent else (),
        )

    def general(self) -> tuple[Message, ...]:
        """What holds for the whole record."""
        return explain(
            "This record",
            recorded=True,
            none_known=False,
            withheld=bool(self._scope.withheld),
            may_emergency=self._scope.may_emergency,
            silent=self._silent,
        )
