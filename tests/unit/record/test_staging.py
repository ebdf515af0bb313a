"""A batch made ready for COPY still has the text of each line as it came, for whoever must set one aside."""

from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.record.staging import prepare
from commonweal.feeds.types import Parsed

SPACES = st.text(alphabet=" \t\r\n", max_size=3)
WORDS = st.text(alphabet='ab\\tnr"\t\r\n🜁', max_size=8)


def parsed(line: int, body: str) -> Parsed:
    resource = {"resourceType": "Organization", "id": f"o{line}"}
    return Parsed(line, "Organization", f"o{line}", None, body.encode(), resource, "demographics")


@given(st.lists(st.builds("{0}{1}{0}".format, SPACES, WORDS), min_size=1, max_size=6))
def test_a_line_set_aside_is_what_came(bodies: list[str]) -> None:
    prepared = prepare("A01", "gp", [parsed(n, body) for n, body in enumerate(bodies)])
    wanted = range(0, len(bodies), 2)
    assert prepared.bodies(wanted) == {n: bodies[n].encode() for n in wanted}
