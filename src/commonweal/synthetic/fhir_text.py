"""UK Core R4 resources as text, one function a shape, over columns already worked out.

Text templates are some forty times quicker than building dictionaries and encoding them; every value put in is a
number, a date, an id, or a name from this package's lists, none of which needs escaping in JSON. A test parses all.
"""

from commonweal.synthetic.codes import Code

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_UK = "https://fhir.hl7.org.uk"
GMP = f"{_UK}/Id/gmp-number"


def organisation_reference(ods: str) -> str:
    """A Reference to an organisation by its ODS code."""
    return f'{{"type":"Organization","identifier":{{"system":"{ODS}","value":"{ods}"}}}}'


def concept(code: Code) -> str:
    """A CodeableConcept of one SNOMED CT code."""
    return f'{{"coding":[{{"system":"http://snomed.info/sct","code":"{code.id}","display":"{code.term}"}}]}}'


def _coded(system: str, code: str, display: str = "") -> str:
    shown = f',"display":"{display}"' if display else ""
    return f'{{"coding":[{{"system":"{_TERMS}/{system}","code":"{code}"{shown}}}]}}'


def organization(id: str, ods: str, name: str, postcode: str, active: bool) -> str:
    """An Organization: a practice."""
    return (
        f'{{"resourceType":"Organization","id":"{id}","identifier":[{{"system":"{ODS}","value":"{ods}"}}],'
        f'"active":{str(active).lower()},"type":[{{"text":"General practice"}}],"name":"{name}",'
        f'"address":[{{"use":"work","postalCode":"{postcode}"}}]}}'
    )


def practitioner(id: str, number: str, family: str, given: str) -> str:
    """A Practitioner with an invented General Medical Practitioner number."""
    return (
        f'{{"resourceType":"Practitioner","id":"{id}","identifier":[{{"system":"{GMP}",'
        f'"value":"{number}"}}],"active":true,'
        f'"name":[{{"use":"official","family":"{family}","given":["{given}"],"prefix":["Dr"]}}]}}'
    )


_PATIENT_HEAD = f'"meta":{{"profile":["{_UK}/StructureDefinition/UKCore-Patient"]}}'
_VERIFIED = (
    f'"extension":[{{"url":"{_UK}/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",'
    f'"valueCodeableConcept":{{"coding":[{{"system":"{_UK}/CodeSystem/UKCore-NHSNumberVerificationStatus",'
    '"code":"01","display":"Number present and verified"}]}}]'
)


def patient(
    id: str,
    number: str,
    family: str,
    given: str,
    middle: str,
    prefix: str,
    gender: str,
    birth: str,
    death: str,
    line: str,
    city: str,
    postcode: str,
    phone: str,
    practice: str,
    holder: str,
    ethnicity: str,
    since: str,
    doctor: str,
    kin: str,
) -> str:
    """A Patient; ``practice`` is where the record says the person is registered, ``holder`` whose record it is.

    ``since`` is the first day of the registration, empty for who has left, ``doctor`` the usual doctor's number,
    ``kin`` from :func:`next_of_kin`, or empty.
    """
    second = f',"{middle}"' if middle else ""
    died = f'"deceasedDateTime":"{death}",' if death else ""
    usual = f'{{"type":"Practitioner","identifier":{{"system":"{GMP}","value":"{doctor}"}}}}'
    at = (
        f'{{"type":"Organization","identifier":{{"system":"{ODS}","value":"{practice}",'
        f'"period":{{"start":"{since}"}}}}}}'
    )
    gp = f'"generalPractitioner":[{at},{usual}],' if since else ""
    return (
        f'{{"resourceType":"Patient","id":"{id}",{_PATIENT_HEAD},'
        f'"extension":[{{"url":"{_UK}/StructureDefinition/Extension-UKCore-EthnicCategory",'
        f'"valueCodeableConcept":{{"coding":[{{"system":"{_UK}/CodeSystem/UKCore-EthnicCategory",'
        f'"code":"{ethnicity}"}}]}}}}],'
        f'"identifier":[{{{_VERIFIED},"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{number}"}}],'
        f'"active":{str(bool(since)).lower()},'
        f'"name":[{{"use":"official","family":"{family}","given":["{given}"{second}],"prefix":["{prefix}"]}}],'
        f'"telecom":[{{"system":"phone","value":"{phone}","use":"home"}}],"gender":"{gender}","birthDate":"{birth}",'
        f'{died}"address":[{{"use":"home","line":["{line}"],"city":"{city}","postalCode":"{postcode}"}}],'
        f'{kin}{gp}"managingOrganization":{organisation_reference(holder)}}}'
    )


def next_of_kin(name: str, phone: str, family: bool) -> str:
    """The part of a Patient that says whom to ring: next of kin, or (not ``family``) a neighbour."""
    code, words = ("N", "Next of kin") if family else ("C", "Neighbour, in an emergency")
    return (
        f'"contact":[{{"relationship":[{{"coding":[{{"system":"{_TERMS}/v2-0131","code":"{code}"}}],"text":"{words}"}}],'
        f'"name":{{"text":"{name}"}},"telecom":[{{"system":"phone","value":"{phone}"}}]}}],'
    )


_ALLERGY = {
    refuted: (
        f'"clinicalStatus":{_coded("allergyintolerance-clinical", "inactive" if refuted else "active")},'
        f'"verificationStatus":{_coded("allergyintolerance-verification", "refuted" if refuted else "confirmed")}'
    )
    for refuted in (False, True)
}


def allergy(
    id: str, person: str, code: str, recorded: str, reaction: str = "", severe: bool = False, refuted: bool = False
) -> str:
    """An AllergyIntolerance; ``code`` is a CodeableConcept as text, ``reaction`` what happened, in words.

    ``refuted``: somebody has found that the person is not allergic to it.
    """
    risk = '"criticality":"high",' if severe else ""
    known = f',"reaction":[{{"manifestation":[{{"text":"{reaction}"}}]}}]' if reaction else ""
    return (
        f'{{"resourceType":"AllergyIntolerance","id":"{id}",{_ALLERGY[refuted]},{risk}"code":{code},'
        f'"patient":{{"reference":"Patient/{person}"}},"recordedDate":"{recorded}"{known}}}'
    )


_CONDITION = {
    status: (
        f'"clinicalStatus":{_coded("condition-clinical", status, status.title())},'
        f'"verificationStatus":{_coded("condition-ver-status", "confirmed", "Confirmed")},'
    )
    for status in ("active", "resolved")
}
_CATEGORY = {
    True: f'"category":[{_coded("condition-category", "problem-list-item", "Problem List Item")}]',
    False: f'"category":[{_coded("condition-category", "encounter-diagnosis", "Encounter Diagnosis")}]',
}


def condition(
    id: str, person: str, code: str, status: str, problem: bool, onset: str, recorded: str, abated: str, encounter: str
) -> str:
    """A Condition; ``status`` is active or resolved, ``abated`` and ``encounter`` may be empty."""
    seen = f',"encounter":{{"reference":"Encounter/{encounter}"}}' if encounter else ""
    over = f',"abatementDateTime":"{abated}"' if abated else ""
    return (
        f'{{"resourceType":"Condition","id":"{id}",{_CONDITION[status]}{_CATEGORY[problem]},"code":{code},'
        f'"subject":{{"reference":"Patient/{person}"}}{seen},"onsetDateTime":"{onset}"{over},"recordedDate":"{recorded}"}}'
    )


_CLASSES = {
    "Face to face consultation": ("AMB", "ambulatory"),
    "Nurse clinic": ("AMB", "ambulatory"),
    "Telephone consultation": ("VR", "virtual"),
    "Home visit": ("HH", "home health"),
}


def encounter_class(kind: str) -> str:
    """The part of an Encounter that its kind of contact decides."""
    code, shown = _CLASSES[kind]
    return (
        f'"status":"finished","class":{{"system":"{_TERMS}/v3-ActCode","code":"{code}","display":"{shown}"}},'
        f'"type":[{{"text":"{kind}"}}]'
    )


def encounter(
    id: str, person: str, kind: str, practitioner: str, start: str, end: str, provider: str, reason: str
) -> str:
    """An Encounter; ``kind`` from :func:`encounter_class`, ``provider`` an organisation reference as text."""
    why = f'"reasonCode":[{{"text":"{reason}"}}],' if reason else ""
    return (
        f'{{"resourceType":"Encounter","id":"{id}",{kind},"subject":{{"reference":"Patient/{person}"}},'
        f'"participant":[{{"individual":{{"reference":"Practitioner/{practitioner}"}}}}],'
        f'"period":{{"start":"{start}","end":"{end}"}},{why}"serviceProvider":{provider}}}'
    )


def observation_kind(category: str, code: Code) -> str:
    """The part of an Observation that its code decides."""
    return f'"status":"final","category":[{_coded("observation-category", category)}],"code":{concept(code)}'


def quantity(unit: str, ucum: str) -> tuple[str, str]:
    """What goes before and after the value of an Observation in this unit."""
    return (
        ',"valueQuantity":{"value":',
        f',"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{ucum}"}}',
    )


def observation(id: str, kind: str, person: str, encounter: str, when: str, value: str) -> str:
    """An Observation; ``value`` is everything after the date, beginning with a comma, or empty."""
    seen = f',"encounter":{{"reference":"Encounter/{encounter}"}}' if encounter else ""
    return (
        f'{{"resourceType":"Observation","id":"{id}",{kind},"subject":{{"reference":"Patient/{person}"}}{seen},'
        f'"effectiveDateTime":"{when}"{value}}}'
    )


def medicine(name: str, dose: str, repeat: bool) -> str:
    """The part of a MedicationRequest that the medicine decides."""
    course = ("continuous", "Continuous long term therapy") if repeat else ("acute", "Short course (acute) therapy")
    return (
        f'"intent":"order","medicationCodeableConcept":{{"text":"{name}"}},'
        f'"courseOfTherapyType":{_coded("medicationrequest-course-of-therapy", *course)},'
        f'"dosageInstruction":[{{"text":"{dose}"}}]'
    )


def medication_request(id: str, person: str, encounter: str, status: str, what: str, when: str, requester: str) -> str:
    """A MedicationRequest; ``what`` from :func:`medicine`."""
    seen = f',"encounter":{{"reference":"Encounter/{encounter}"}}' if encounter else ""
    return (
        f'{{"resourceType":"MedicationRequest","id":"{id}","status":"{status}",{what},'
        f'"subject":{{"reference":"Patient/{person}"}}{seen},"authoredOn":"{when}",'
        f'"requester":{{"reference":"Practitioner/{requester}"}}}}'
    )


def immunization(id: str, person: str, vaccine: str, given: str) -> str:
    """An Immunization that was given; the vaccine by name."""
    return (
        f'{{"resourceType":"Immunization","id":"{id}","status":"completed","vaccineCode":{{"text":"{vaccine}"}},'
        f'"patient":{{"reference":"Patient/{person}"}},"occurrenceDateTime":"{given}","primarySource":true}}'
    )


def flag(id: str, person: str, adjustment: bool, words: str, since: str) -> str:
    """A Flag in force: a reasonable adjustment as England's patient flag marks it, or an alert about safety."""
    category = (
        '{"coding":[{"system":"https://fhir.nhs.uk/England/CodeSystem/England-FlagCategoryPatient",'
        '"code":"national-reasonable-adjustment-flag"}]}'
        if adjustment
        else _coded("flag-category", "safety", "Safety")
    )
    return (
        f'{{"resourceType":"Flag","id":"{id}","status":"active","category":[{category}],"code":{{"text":"{words}"}},'
        f'"subject":{{"reference":"Patient/{person}"}},"period":{{"start":"{since}"}}}}'
    )


def care_plan(id: str, person: str, code: Code, goal: str, since: str) -> str:
    """A CarePlan in force; what matters to the person is its description."""
    return (
        f'{{"resourceType":"CarePlan","id":"{id}","status":"active","intent":"plan","category":[{concept(code)}],'
        f'"title":"{code.term}","description":"{goal}","subject":{{"reference":"Patient/{person}"}},'
        f'"period":{{"start":"{since}"}},"created":"{since}"}}'
    )


def document(
    id: str, person: str, code: Code | None, words: str, data: str, written: str, practice: str, gist: str = ""
) -> str:
    """A DocumentReference with its plain text inside; ``data`` is base64, ``code`` or ``words`` say what it is.

    ``gist`` is what of it must be seen without opening it.
    """
    said = f'"description":"{gist}",' if gist else ""
    kind = concept(code) if code else f'{{"text":"{words}"}}'
    return (
        f'{{"resourceType":"DocumentReference","id":"{id}","status":"current","type":{kind},'
        f'"subject":{{"reference":"Patient/{person}"}},"date":"{written}T09:00:00+00:00",'
        f'{said}"custodian":{organisation_reference(practice)},'
        f'"content":[{{"attachment":{{"contentType":"text/plain;charset=utf-8","data":"{data}"}}}}]}}'
    )


def referral(
    id: str, person: str, what: str, why: str, status: str, priority: str, written: str, doctor: str, to: str
) -> str:
    """A ServiceRequest: a referral; ``doctor`` is the id of a Practitioner, ``to`` an organisation reference."""
    return (
        f'{{"resourceType":"ServiceRequest","id":"{id}","status":"{status}","intent":"order","priority":"{priority}",'
        f'"code":{{"text":"{what}"}},"subject":{{"reference":"Patient/{person}"}},"authoredOn":"{written}",'
        f'"requester":{{"reference":"Practitioner/{doctor}"}},"performer":[{to}],"reasonCode":[{{"text":"{why}"}}]}}'
    )


def appointment(id: str, person: str, referral: str, what: str, start: str, end: str, where: str) -> str:
    """A booked Appointment that answers a referral; ``where`` is the name of the place."""
    return (
        f'{{"resourceType":"Appointment","id":"{id}","status":"booked","serviceType":[{{"text":"{what}"}}],'
        f'"start":"{start}","end":"{end}","basedOn":[{{"reference":"ServiceRequest/{referral}"}}],"participant":['
        f'{{"actor":{{"reference":"Patient/{person}"}},"status":"accepted"}},'
        f'{{"actor":{{"type":"Location","display":"{where}"}},"status":"accepted"}}]}}'
    )
