"""FHIRPath for invariants, as tables: expression, resource, verdict. https://hl7.org/fhirpath/N1/

``None``: the data do not decide it. ``NotChecked``: neither do they nor can this evaluator, so it is reported.
"""

from typing import Any

import pytest

from commonweal.fhir.fhirpath.errors import EvaluationFault, NotChecked, SyntaxFault
from commonweal.fhir.fhirpath.rules import Around, compile_rule

PERSON: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Moss", "given": ["Vicky", "Jo"]}, {"family": "Smith"}],
    "birthDate": "1980-02-03",
    "_birthDate": {"extension": [{"url": "urn:x", "valueCode": "estimated"}]},
    "_gender": {"extension": [{"url": "urn:y", "valueString": "asked"}]},
    "deceasedBoolean": False,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Old Mill"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Organization/2"}],
    "multipleBirthInteger": 2,
}

# expression, verdict on PERSON
TABLE = [
    # existence; a primitive with extensions and no value exists and has none
    ("name.exists()", True),
    ("telecom.empty()", True),
    ("gender.exists()", True),
    ("gender.hasValue()", False),
    ("birthDate.hasValue()", True),
    ("birthDate.extension.where(url = 'urn:x').value = 'estimated'", True),
    ("gender.extension('urn:y').exists()", True),
    ("name.count() = 2", True),
    ("name.given.count() > 2", False),
    # where, select, all, any
    ("name.where(family = 'Smith').exists()", True),
    ("name.all(given.exists())", False),
    ("name.exists(given.exists())", True),
    ("name.select(family & '!').isDistinct()", True),
    ("name.given.select($this = 'Jo').anyTrue()", True),
    ("name.given.allFalse()", False),
    # choices and types
    ("deceased.exists()", True),
    ("deceased is boolean", True),
    ("(deceased as dateTime).empty()", True),
    ("multipleBirth.ofType(integer) = 2", True),
    ("multipleBirth is Boolean", False),
    ("contained.where($this is Organization).name = 'Old Mill'", True),
    ("Patient.name.family.first() = 'Moss'", True),
    # boolean logic is three-valued
    ("telecom.value = 'x'", None),
    ("telecom.value = 'x' or name.exists()", True),
    ("telecom.value = 'x' and name.empty()", False),
    ("telecom.value = 'x' implies name.empty()", None),
    ("name.empty() implies telecom.value = 'x'", True),
    ("name.exists() xor telecom.exists()", True),
    # precedence: implies is loosest, in before and, | before in
    ("'Jo' in name.given and name.exists() implies name.count() = 2", True),
    ("'a' in ('b' | 'a')", True),
    ("name.given contains 'Vicky'", True),
    ("1 + 2 * 3 = 7", True),
    ("-1 < 0", True),
    ("'ab' ~ 'AB'", True),
    # comparison
    ("birthDate < '1990-01-01'", True),
    ("birthDate <= '1980-02'", None),
    ("birthDate < '1980-03'", True),
    # text; matches is of the whole text, as R4's own invariants mean it
    ("name.family.first().matches('[A-Z]([A-Za-z0-9_]){0,254}')", True),
    ("name.family.first().matches('M')", False),
    ("name.family.first().startsWith('Mo') and name.family.first().endsWith('ss')", True),
    ("name.family.first().substring(1, 2) = 'os'", True),
    ("'a-b'.replace('-', '+') = 'a+b'", True),
    ("'12'.toInteger() = 12", True),
    ("'x'.toInteger().empty()", True),
    ("'abc'.length() = 3", True),
    ("'abc'.indexOf('c') = 2", True),
    # collections
    ("(name.family | name.family).count() = 2", True),
    ("name.family.combine(name.family).count() = 4", True),
    ("name.family.intersect('Moss') = 'Moss'", True),
    ("name.tail().family = 'Smith'", True),
    ("name[1].family = 'Smith'", True),
    ("name.skip(1).take(1).family = 'Smith'", True),
    ("name.family.subsetOf(name.family | 'Q')", True),
    ("iif(name.exists(), name.count() = 2, false)", True),
    ("descendants().where($this = 'Old Mill').exists()", True),
    # what surrounds
    ("managingOrganization.resolve().name = 'Old Mill'", True),
    ("generalPractitioner.resolve().where($this is Practitioner).count() = 1", True),
    ("%resource.id = 'p' and %rootResource.id = 'p'", True),
    ("%ucum = 'http://unitsofmeasure.org'", True),
    ("name.trace('names').exists()", True),
]


def around(resource: Any) -> Around:
    listed = {"#" + one["id"]: one for one in resource.get("contained", ())}
    return Around(resource, resource, listed.get)


@pytest.mark.parametrize(("expression", "verdict"), TABLE)
def test_an_expression_on_a_person(expression: str, verdict: bool | None) -> None:
    assert compile_rule(expression)(PERSON, around(PERSON)) is verdict


@pytest.mark.parametrize(
    "expression",
    [
        "generalPractitioner.resolve().name.exists()",  # the target is not at hand
        "name.first() is HumanName",  # JSON does not say
        "name.family.first().memberOf('urn:nothing')",
        "name.first().conformsTo('urn:nothing')",
        "name.family.first().matches('(')",
    ],
)
def test_what_cannot_be_told_is_said_and_not_passed(expression: str) -> None:
    with pytest.raises(NotChecked):
        compile_rule(expression)(PERSON, around(PERSON))


@pytest.mark.parametrize("expression", ["name.single().exists()", "1 / 0 = 1", "name.family.startsWith('M')"])
def test_a_fault_in_the_data_is_a_fault(expression: str) -> None:
    with pytest.raises(EvaluationFault):
        compile_rule(expression)(PERSON, around(PERSON))


@pytest.mark.parametrize("expression", ["", "name.", "name.aggregate($this)", "name is 'x'", "%resource.("])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(SyntaxFault):
        compile_rule(expression)


def test_the_type_of_the_focus_answers_for_it() -> None:
    """https://hl7.org/fhir/R4/vitalsigns.html, vs-1: at least to the day."""
    rule = compile_rule("($this as dateTime).toString().length() >= 8", "dateTime")
    assert rule("2020-03-01", around(PERSON)) is True
    assert rule("2020-03", around(PERSON)) is False
    assert compile_rule("($this as dateTime).empty()", "Period")({"start": "2020"}, around(PERSON)) is True


def test_quantities_compare_by_value_in_one_unit_only() -> None:
    def of(low: float, high: float, unit: str) -> Any:
        return {"low": {"value": low, "code": "mg"}, "high": {"value": high, "code": unit}}

    rule = compile_rule("low.empty() or high.empty() or (low <= high)")
    assert rule(of(1, 2, "mg"), around(PERSON)) is True
    assert rule(of(2, 1, "mg"), around(PERSON)) is False
    assert rule(of(2, 1, "g"), around(PERSON)) is None
