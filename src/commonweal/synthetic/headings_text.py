"""UK Core R4 resources as text, continued: what stands under the headings that few sources fill.

As in :mod:`commonweal.synthetic.fhir_text`, every value put in needs no escaping in JSON. What a kind of goal, device,
document or procedure is called is text without a code: none is invented.
"""

from commonweal.synthetic.codes import Code
from commonweal.synthetic.fhir_text import organisation_reference

_TERMS = "http://terminology.hl7.org/CodeSystem"


def goal(id: str, person: str, words: str, since: str, due: str, reached: bool) -> str:
    """A Goal in the person's own words; ``reached``: they no longer work towards it."""
    status, achieved = ("completed", "achieved") if reached else ("active", "in-progress")
    return (
        f'{{"resourceType":"Goal","id":"{id}","lifecycleStatus":"{status}","achievementStatus":{{"coding":['
        f'{{"system":"{_TERMS}/goal-achievement","code":"{achieved}"}}]}},"description":{{"text":"{words}"}},'
        f'"subject":{{"reference":"Patient/{person}"}},"startDate":"{since}","target":[{{"dueDate":"{due}"}}],'
        f'"expressedBy":{{"reference":"Patient/{person}"}}}}'
    )


_SURVEY = f'"status":"final","category":[{{"coding":[{{"system":"{_TERMS}/observation-category","code":"survey"}}]}}]'


def graded(id: str, person: str, scale: str, grade: str, when: str) -> str:
    """An Observation by an assessment scale whose grades are words."""
    return (
        f'{{"resourceType":"Observation","id":"{id}",{_SURVEY},"code":{{"text":"{scale}"}},'
        f'"subject":{{"reference":"Patient/{person}"}},"effectiveDateTime":"{when}",'
        f'"valueCodeableConcept":{{"text":"{grade}"}}}}'
    )


def scored(id: str, person: str, scale: Code, score: int, most: int, when: str) -> str:
    """An Observation by an assessment scale with a score from 0 to ``most``; ``scale`` is of LOINC."""
    return (
        f'{{"resourceType":"Observation","id":"{id}",{_SURVEY},"code":{{"coding":[{{"system":"http://loinc.org",'
        f'"code":"{scale.id}"}}],"text":"{scale.term}"}},"subject":{{"reference":"Patient/{person}"}},'
        f'"effectiveDateTime":"{when}","valueQuantity":{{"value":{score}}},'
        f'"referenceRange":[{{"text":"0 to {most}"}}]}}'
    )


def answers(id: str, person: str, title: str, said: tuple[tuple[str, str], ...], when: str) -> str:
    """A QuestionnaireResponse: questions and answers in words; what was filled in is named by its title."""
    items = ",".join(
        f'{{"linkId":"{n}","text":"{question}","answer":[{{"valueString":"{answer}"}}]}}'
        for n, (question, answer) in enumerate(said, 1)
    )
    return (
        f'{{"resourceType":"QuestionnaireResponse","id":"{id}","_questionnaire":{{"extension":[{{'
        f'"url":"http://hl7.org/fhir/StructureDefinition/display","valueString":"{title}"}}]}},"status":"completed",'
        f'"subject":{{"reference":"Patient/{person}"}},"authored":"{when}","item":[{items}]}}'
    )


def capacity(id: str, person: str, decision: str, found: str, when: str) -> str:
    """A ClinicalImpression: whether the person has the mental capacity for one decision."""
    return (
        f'{{"resourceType":"ClinicalImpression","id":"{id}","status":"completed",'
        f'"code":{{"text":"Mental capacity assessment"}},"description":"{decision}",'
        f'"subject":{{"reference":"Patient/{person}"}},"effectiveDateTime":"{when}","summary":"{found}"}}'
    )


def device(id: str, person: str, what: str) -> str:
    """A Device of one person, by name."""
    return (
        f'{{"resourceType":"Device","id":"{id}","status":"active","type":{{"text":"{what}"}},'
        f'"patient":{{"reference":"Patient/{person}"}}}}'
    )


def device_use(id: str, person: str, device: str, note: str, since: str) -> str:
    """A DeviceUseStatement: that the person uses a Device, since when, and what to know of it."""
    return (
        f'{{"resourceType":"DeviceUseStatement","id":"{id}","status":"active",'
        f'"subject":{{"reference":"Patient/{person}"}},"timingPeriod":{{"start":"{since}"}},'
        f'"device":{{"reference":"Device/{device}"}},"note":[{{"text":"{note}"}}]}}'
    )


def legal(id: str, person: str, what: str, law: str, provision: str, seen: str, when: str, practice: str) -> str:
    """A Consent: a document by which the person has decided ahead; ``provision`` from one of the two below."""
    return (
        f'{{"resourceType":"Consent","id":"{id}","status":"active","scope":{{"coding":[{{'
        f'"system":"{_TERMS}/consentscope","code":"adr"}}]}},"category":[{{"text":"{what}"}}],'
        f'"patient":{{"reference":"Patient/{person}"}},"dateTime":"{when}",'
        f'"organization":[{organisation_reference(practice)}],"sourceAttachment":{{"title":"{seen}"}},'
        f'"policyRule":{{"text":"{law}"}},"provision":{provision}}}'
    )


def attorney(name: str) -> str:
    """Who decides for the person, should they be unable to."""
    return f'{{"type":"permit","actor":[{{"role":{{"text":"Attorney"}},"reference":{{"display":"{name}"}}}}]}}'


def refusal(treatment: str) -> str:
    """What the person refuses."""
    return f'{{"type":"deny","code":[{{"text":"{treatment}"}}]}}'


def procedure(id: str, person: str, what: str, when: str) -> str:
    """A Procedure that was done, by name."""
    return (
        f'{{"resourceType":"Procedure","id":"{id}","status":"completed","code":{{"text":"{what}"}},'
        f'"subject":{{"reference":"Patient/{person}"}},"performedDateTime":"{when}"}}'
    )


def relative(id: str, person: str, code: str, words: str, illness: str, told: str) -> str:
    """A FamilyMemberHistory: one illness of one relative; ``code`` is a RoleCode of HL7."""
    return (
        f'{{"resourceType":"FamilyMemberHistory","id":"{id}","status":"completed",'
        f'"patient":{{"reference":"Patient/{person}"}},"date":"{told}","relationship":{{"coding":[{{'
        f'"system":"{_TERMS}/v3-RoleCode","code":"{code}"}}],"text":"{words}"}},'
        f'"condition":[{{"code":{{"text":"{illness}"}}}}]}}'
    )
