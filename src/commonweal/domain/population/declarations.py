"""Every register and measure, declared once; the SQL and the English sentence both come from here."""

from dataclasses import dataclass
from datetime import date

LENSES = ("all", "age_band", "sex", "ethnicity", "deprivation_quintile")
FOOTPRINTS = ("system", "place", "network")
REGISTERED = "registered_population"  # the population itself, the denominator of every register


@dataclass(frozen=True, slots=True)
class Coded:
    """Coded entries of one kind in a person's record: ``table`` is the lake table, ``codes`` the code list."""

    table: str
    codes: str


@dataclass(frozen=True, slots=True)
class Register:
    """People who are alive and registered on the as-at day and whose latest entry says they belong.

    ``having`` is None for everyone registered. A person belongs if the latest ``having`` entry on or before
    the as-at day is later than the latest ``ended_by`` entry; an end on the same day wins. That is how the
    Quality and Outcomes Framework treats a resolved code (business rules, register DM_REG: DM_DAT > DMRES_DAT).
    """

    name: str
    title: str
    having: Coded | None
    ended_by: Coded | None = None
    unit: str = "people"


@dataclass(frozen=True, slots=True)
class AdmissionMeasure:
    """Hospital visits begun in the ``months`` to the as-at day by an admission method of the list ``methods``.

    A visit takes the age, sex, ethnicity, area and practice of the linked general practice record, and of
    the hospital's own record where no link is known.
    """

    name: str
    title: str
    methods: str
    months: int
    unit: str = "admissions"


Declaration = Register | AdmissionMeasure

DECLARATIONS: tuple[Declaration, ...] = (
    Register(REGISTERED, "Registered population", None),
    Register("diabetes", "Diabetes register", Coded("condition", "diabetes"), Coded("condition", "diabetes_resolved")),
    Register("hypertension", "Hypertension register", Coded("condition", "hypertension")),
    Register("carers", "Carers register", Coded("observation", "carer"), Coded("observation", "not_carer")),
    AdmissionMeasure("emergency_admissions", "Emergency admissions", "emergency_admission_method", 12),
)


def declaration(name: str) -> Declaration:
    """The register or measure of this name; raises KeyError with the names there are."""
    for one in DECLARATIONS:
        if one.name == name:
            return one
    raise KeyError(f"no register {name!r}; there are {', '.join(one.name for one in DECLARATIONS)}")


def lists_of(declared: Declaration) -> frozenset[str]:
    """Names of the code lists a declaration reads."""
    if isinstance(declared, AdmissionMeasure):
        return frozenset((declared.methods,))
    return frozenset(one.codes for one in (declared.having, declared.ended_by) if one is not None)


def sentence(declared: Declaration, as_at: date | None = None) -> str:
    """The declaration in English; the as-at day is named if given."""
    day = f"{as_at.day} {as_at:%B %Y}" if as_at else "the as-at day"
    if isinstance(declared, AdmissionMeasure):
        return (
            f"Hospital visits that began in the {declared.months} months to {day} with an admission method in the "
            f"list {declared.methods}, each visit once, by where its person is registered."
        )
    people = f"People alive and registered with a general practice on {day}"
    if declared.having is None:
        return f"{people}."
    article = "an" if declared.having.table[0] in "aeiou" else "a"
    entries = f"whose record has {article} {declared.having.table} in the list {declared.having.codes} by then"
    if declared.having.table == "condition":
        entries += " that is not over"
    if declared.ended_by is None:
        return f"{people} {entries}."
    return f"{people} {entries}, dated after any {declared.ended_by.table} in the list {declared.ended_by.codes}."
