"""Identity's public face: which compartments are one person.

Two confidences, kept apart. Direct care uses ``compartments_of`` and the other verified reads; analysis
uses ``probable_people``, which the application role cannot read at all.
"""

from commonweal.apps.identity import erasing
from commonweal.apps.identity.actions import attach, link_verified, merge_within_source, upsert_demographics
from commonweal.apps.identity.bias import report as bias_report
from commonweal.apps.identity.claims import Claim, claims, settle_claim
from commonweal.apps.identity.deaths import deaths_to_tell, deaths_told, registered_deaths
from commonweal.apps.identity.evaluation import evaluate
from commonweal.apps.identity.matching import IdentifyBusy, identify
from commonweal.apps.identity.opt_outs import opted_out_digests, people_opted_out
from commonweal.apps.identity.selectors import (
    MEMBERSHIP,
    Called,
    Candidate,
    Known,
    basis_of,
    born_on,
    called,
    compartments_of,
    compartments_of_many,
    current_person,
    demographics_of,
    location_hidden,
    people_of,
    person_of,
    search_people,
)
from commonweal.apps.identity.storage import crosswalk, probable_people
from commonweal.apps.identity.tracing import TraceOff, trace
from commonweal.domain.identity.clusters import identifier
from commonweal.lake.spark_linkage import SparkMissing

__all__ = [
    "MEMBERSHIP",
    "Called",
    "Candidate",
    "Claim",
    "IdentifyBusy",
    "Known",
    "SparkMissing",
    "TraceOff",
    "attach",
    "basis_of",
    "bias_report",
    "born_on",
    "called",
    "claims",
    "compartments_of",
    "compartments_of_many",
    "crosswalk",
    "current_person",
    "deaths_to_tell",
    "deaths_told",
    "demographics_of",
    "erasing",
    "evaluate",
    "identifier",
    "identify",
    "link_verified",
    "location_hidden",
    "merge_within_source",
    "opted_out_digests",
    "people_of",
    "people_opted_out",
    "person_of",
    "probable_people",
    "registered_deaths",
    "search_people",
    "settle_claim",
    "trace",
    "upsert_demographics",
]
