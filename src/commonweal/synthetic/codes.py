"""The clinical codes general practice records carry: SNOMED CT concept ids with their terms.

Those of the long-term conditions and of caring are members of the published code lists the registers use. Medicines
are given by name only: no dm+d id is invented.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A SNOMED CT concept id and its term."""

    id: str
    term: str


@dataclass(frozen=True, slots=True)
class LongTerm:
    """A long-term condition whose onset hazard is ``level * exp(slope * age)``, times a factor for sex and deprivation.

    ``level`` is per year at age 0; ``male`` and ``female`` multiply it; ``deprived`` is the multiplier at decile 1,
    its inverse the multiplier at decile 10. ``shares`` says how often each of ``codes`` is the one recorded.
    """

    name: str
    codes: tuple[Code, ...]
    shares: tuple[float, ...]
    level: float
    slope: float
    male: float
    female: float
    deprived: float


LONG_TERM = (
    LongTerm(
        "diabetes",
        (
            Code("44054006", "Diabetes mellitus type 2"),
            Code("46635009", "Diabetes mellitus type 1"),
            Code("111552007", "Diabetes mellitus without complication"),
        ),
        (0.88, 0.07, 0.05),
        1.7e-4,
        0.055,
        1.2,
        0.85,
        1.5,
    ),
    LongTerm(
        "hypertension",
        (
            Code("59621000", "Essential hypertension"),
            Code("38341003", "Hypertensive disorder, systemic arterial"),
            Code("1201005", "Benign essential hypertension"),
        ),
        (0.8, 0.15, 0.05),
        5.0e-4,
        0.060,
        1.05,
        0.95,
        1.15,
    ),
    LongTerm(
        "copd", (Code("13645005", "Chronic obstructive pulmonary disease"),), (1.0,), 2.8e-5, 0.070, 1.1, 0.9, 2.0
    ),
    LongTerm(
        "chd",
        (
            Code("53741008", "Coronary arteriosclerosis"),
            Code("414545008", "Ischemic heart disease"),
            Code("194828000", "Angina"),
            Code("22298006", "Myocardial infarction"),
        ),
        (0.3, 0.4, 0.2, 0.1),
        5.2e-5,
        0.070,
        1.4,
        0.7,
        1.35,
    ),
    LongTerm(
        "dementia",
        (
            Code("52448006", "Dementia"),
            Code("26929004", "Alzheimer's disease"),
            Code("429998004", "Vascular dementia"),
        ),
        (0.2, 0.55, 0.25),
        3.5e-7,
        0.130,
        0.85,
        1.15,
        1.2,
    ),
    LongTerm(
        "frailty",
        (
            Code("925791000000100", "Mild frailty"),
            Code("925831000000107", "Moderate frailty"),
            Code("925861000000102", "Severe frailty"),
        ),
        (0.6, 0.28, 0.12),
        2.0e-5,
        0.100,
        0.9,
        1.1,
        1.4,
    ),
)
SMI = LongTerm(
    "smi",
    (
        Code("13746004", "Bipolar disorder"),
        Code("58214004", "Schizophrenia"),
        Code("69322001", "Psychotic disorder"),
    ),
    (0.4, 0.35, 0.25),
    0.014,
    0.0,
    1.0,
    1.0,
    1.9,
)
LEARNING_DISABILITY = LongTerm(
    "learning_disability",
    (
        Code("110359009", "Intellectual disability"),
        Code("86765009", "Mild intellectual disability"),
        Code("61152003", "Moderate intellectual disability"),
        Code("31216003", "Profound intellectual disability"),
    ),
    (0.4, 0.4, 0.15, 0.05),
    0.0055,
    0.0,
    1.15,
    0.85,
    1.5,
)
CONDITIONS = (*LONG_TERM, SMI, LEARNING_DISABILITY)
CONDITION_NAMES = tuple(c.name for c in CONDITIONS)

DIABETES_RESOLVED = Code("315051004", "Diabetes resolved")
CARER = Code("224484003", "Patient themselves providing care")
NOT_CARER = Code("199361000000101", "Is no longer a carer")

NO_KNOWN_ALLERGY = Code("716186003", "No known allergy")
ALLERGIES = (
    Code("91936005", "Allergy to penicillin"),
    Code("91935009", "Allergy to peanut"),
    Code("300913006", "Allergy to shellfish"),
)
REACTIONS = ("Rash", "Swelling of the face and trouble breathing", "Vomiting and hives")  # of each of ALLERGIES
SUPPORT_PLAN = Code("2181441000000107", "Personalised care and support plan")
ADVANCE_PLAN = Code("736366004", "Advance care plan")
RESPECT_FORM = Code("1382601000000107", "ReSPECT form")
BLOOD_PRESSURE = Code("75367002", "Blood pressure")
SYSTOLIC = Code("271649006", "Systolic blood pressure")
DIASTOLIC = Code("271650006", "Diastolic blood pressure")
HBA1C = Code("999791000000106", "Haemoglobin A1c level - IFCC standardised")
BMI = Code("60621009", "Body mass index")
WEIGHT = Code("27113001", "Body weight")
EGFR = Code("1011481000000105", "eGFR using creatinine CKD-EPI equation per 1.73 square metres")
SMOKING = (
    Code("266919005", "Never smoked tobacco"),
    Code("8517006", "Ex-smoker"),
    Code("77176002", "Smoker"),
)
MINOR = (
    Code("54150009", "Upper respiratory infection"),
    Code("161891005", "Backache"),
    Code("68566005", "Urinary tract infectious disease"),
    Code("25064002", "Headache"),
    Code("43116000", "Eczema"),
    Code("10509002", "Acute bronchitis"),
    Code("195967001", "Asthma"),
    Code("35489007", "Depressive disorder"),
    Code("48694002", "Anxiety"),
)
LASTING_MINOR = frozenset({"195967001", "43116000"})

# Name, dose text; repeat medicines by condition.
REPEATS: dict[str, tuple[tuple[str, str], ...]] = {
    "diabetes": (
        ("Metformin 500mg tablets", "One to be taken twice a day with food"),
        ("Gliclazide 80mg tablets", "One to be taken each morning with food"),
    ),
    "hypertension": (
        ("Amlodipine 5mg tablets", "One to be taken each day"),
        ("Ramipril 5mg capsules", "One to be taken each day"),
        ("Indapamide 2.5mg tablets", "One to be taken each morning"),
    ),
    "copd": (("Tiotropium bromide 18microgram inhalation powder capsules", "Inhale the contents of one each day"),),
    "chd": (
        ("Atorvastatin 80mg tablets", "One to be taken each night"),
        ("Aspirin 75mg dispersible tablets", "One to be taken each day"),
        ("Bisoprolol 2.5mg tablets", "One to be taken each day"),
    ),
    "dementia": (("Donepezil 10mg tablets", "One to be taken at bedtime"),),
    "frailty": (("Colecalciferol 800unit tablets", "One to be taken each day"),),
    "smi": (("Olanzapine 10mg tablets", "One to be taken at bedtime"),),
    "learning_disability": (),
}
ACUTE_MEDICINES = (
    ("Amoxicillin 500mg capsules", "One to be taken three times a day for 7 days"),
    ("Paracetamol 500mg tablets", "Two to be taken up to four times a day when needed"),
    ("Naproxen 250mg tablets", "One to be taken twice a day with food"),
    ("Omeprazole 20mg gastro-resistant capsules", "One to be taken each morning"),
    ("Salbutamol 100micrograms/dose inhaler", "Two puffs to be inhaled when needed"),
    ("Sertraline 50mg tablets", "One to be taken each day"),
    ("Nitrofurantoin 100mg modified-release capsules", "One to be taken twice a day for 3 days"),
)
ENCOUNTER_KINDS = ("Face to face consultation", "Telephone consultation", "Home visit", "Nurse clinic")
ENCOUNTER_SHARES = (0.58, 0.22, 0.03, 0.17)
