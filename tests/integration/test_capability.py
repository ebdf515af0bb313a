"""The CapabilityStatement against the one that was agreed, so that no interaction comes or goes unnoticed.

When a change is meant: ``python -m tests.integration.test_capability`` writes the golden file anew; read the
difference before committing it.
"""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("capability_statement.json")
ADDRESS = "https://record.example.org/fhir/R4"


def written() -> str:
    """The statement, a line a resource type, so that a difference is read as one."""
    from commonweal.apps.record.rest.metadata import statement

    said = statement(ADDRESS)
    types = said["rest"][0].pop("resource")
    lines = ",\n".join(json.dumps(one) for one in types)
    return f'{{"resource": [\n{lines}\n],\n"rest": {json.dumps(said, indent=1)}}}\n'


@pytest.mark.usefixtures("home")
def test_the_statement_is_the_agreed_one() -> None:
    assert written() == GOLDEN.read_text("utf-8")


@pytest.mark.usefixtures("home")
def test_it_names_every_operation_that_has_an_address() -> None:
    from commonweal.apps.record.rest.metadata import operations

    named = operations()
    assert "everything" in named["Patient"]
    assert set(named["CodeSystem"]) >= {"lookup", "subsumes", "validate", "validate-code"}
    assert "export" in named[""]


if __name__ == "__main__":
    from commonweal.cli import runtime

    runtime.start("batch")
    GOLDEN.write_text(written(), encoding="utf-8")
