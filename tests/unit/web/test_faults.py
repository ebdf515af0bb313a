"""What is wrong, by field: of an error that names its field, and of nothing. Forms are tried where their pages are."""

from commonweal.domain.access.objections import ObjectionError
from commonweal.web.faults import by_field


def test_an_error_is_about_its_field_and_nothing_is_about_none() -> None:
    assert by_field(ObjectionError("That day is past.", "until")) == {"until": "That day is past."}
    assert by_field(None) == {}
