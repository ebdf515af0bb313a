"""Whatever is asked of the FHIR API, by the types and parameters it says it has: an answer in FHIR, and never a 500.

Requests are made from the CapabilityStatement: each method at each kind of address, parameters of the type with
values made to break what reads them, bodies that are nearly right. A partner's system asks, in the web role.
"""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.fhir_world import JSON, Ask, asking, make, patient, weight

pytestmark = pytest.mark.usefixtures("database")

NASTY = (
    *("'", "';DROP TABLE record_resource;--", "%00", "a\x00b", "|", ",", "$", "\\"),
    *("ge9999", "lt0000", "1e999", "\ud7ff", "..", "x" * 3000),
)
KINDS = ("Patient", "Observation", "Encounter", "Organization", "Bundle", "CodeSystem", "Nonsense")
IDENTS = ("vicky", "none", "a" * 64, "a" * 65, "$validate", "_history", "%2e%2e", "1.2-3")


@pytest.fixture(scope="module")
def ask(database: str) -> Ask:
    world = make()
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    return asking(world)


def addresses() -> st.SearchStrategy[str]:
    from commonweal.fhir.search_parameters import parameters

    values = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))
    names = st.sampled_from(
        sorted({name for kind in KINDS for name in parameters(kind)} | {"_count", "_sort", "_cursor"})
    )
    query = st.lists(st.tuples(names, st.sampled_from(("", ":exact", ":missing", ":in", ":x")), values), max_size=2)
    path = st.one_of(
        st.just(""),
        st.sampled_from(KINDS),
        st.builds("{}/{}".format, st.sampled_from(KINDS), st.sampled_from(IDENTS)),
        st.builds("{}/{}/_history".format, st.sampled_from(KINDS), st.sampled_from(IDENTS)),
        st.sampled_from(("_history", "Observation/_history", "Patient/vicky/_history/99999", "metadata")),
    )
    return st.builds(_address, path, query)


def _address(path: str, query: list[tuple[str, str, str]]) -> str:
    from urllib.parse import quote

    pairs = "&".join(f"{name}{modifier}={quote(value, errors='replace')}" for name, modifier, value in query)
    return f"{path}?{pairs}" if pairs else path


def bodies() -> st.SearchStrategy[Any]:
    leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
    some = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner), max_leaves=8
    )
    elements = ("id", "meta", "status", "code", "subject", "identifier", "valueQuantity", "extension", "contained")
    near = st.builds(
        lambda base, name, value: base | {name: value},
        st.sampled_from([patient(id="vicky"), json.loads(weight("vicky")), {"resourceType": "Organization"}]),
        st.sampled_from(elements),
        some,
    )
    entry = st.fixed_dictionaries(
        {
            "request": st.fixed_dictionaries(
                {"method": st.sampled_from(("GET", "PUT", "POST", "DELETE", "PATCH")), "url": addresses()}
            )
        },
        optional={"resource": near, "fullUrl": some},
    )
    bundle = st.builds(
        lambda kind, entries: {"resourceType": "Bundle", "type": kind, "entry": entries},
        st.sampled_from(("batch", "transaction")),
        st.lists(entry, max_size=3),
    )
    operation = st.fixed_dictionaries(
        {
            "op": st.sampled_from(("add", "move", "copy", "test", "x")),
            "path": st.sampled_from(("", "/", "/id", "/a/-", "/~2", "a")),
        },
        optional={"from": st.sampled_from(("", "/id", "/name/0")), "value": some},
    )
    return st.one_of(near, near, bundle, bundle, st.lists(operation, max_size=4), some)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")),
    path=addresses(),
    body=bodies(),
    condition=st.sampled_from(("", 'W/"1"', "*", "x", "identifier=a|b", "=", "&&", "_id=%00")),
)
def test_every_answer_is_fhir_and_none_is_a_fault(ask: Ask, method: str, path: str, body: Any, condition: str) -> None:
    kind = "application/json-patch+json" if method == "PATCH" else JSON
    headers = {"If_Match": condition, "If_None_Exist": condition, "If_None_Match": condition} if condition else {}
    response = ask("r01", method, path, None if method in ("GET", "HEAD") else body, kind, **headers)
    assert response.status_code < 500, (method, path, body, response.content[:300])
    if response.content and method != "HEAD":
        said = json.loads(response.content)
        assert "resourceType" in said
        if said["resourceType"] == "Bundle":
            statuses = [one.get("response", {}).get("status", "") for one in said.get("entry", ())]
            assert not [status for status in statuses if status.startswith("5")], (body, said)
