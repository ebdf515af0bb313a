"""Every rate the generator works with, in one place; ``docs/reference/synthetic-data.md`` prints where each comes from.

Identity noise is per source record, not per row: a council that holds a wrong birth date holds it on every row. Feed
faults are per line, and extra.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdentityNoise:
    """The share of one source's person records that carry each fault."""

    number_missing: float
    number_wrong: float
    given_nickname: float
    given_typing: float
    family_typing: float
    family_former: float
    birth_swapped: float
    birth_slip: float
    birth_placeholder: float
    sex_wrong: float
    address_former: float
    postcode_typing: float
    postcode_missing: float
    practice_missing: float
    ethnicity_unknown: float


PRACTICE_NOISE = IdentityNoise(
    number_missing=0.0,
    number_wrong=0.0,
    given_nickname=0.0,
    given_typing=0.002,
    family_typing=0.002,
    family_former=0.05,
    birth_swapped=0.0,
    birth_slip=0.0,
    birth_placeholder=0.0,
    sex_wrong=0.0,
    address_former=0.0,
    postcode_typing=0.0,
    postcode_missing=0.0,
    practice_missing=0.0,
    ethnicity_unknown=0.05,
)
ACUTE_NOISE = IdentityNoise(
    number_missing=0.05,
    number_wrong=0.005,
    given_nickname=0.04,
    given_typing=0.01,
    family_typing=0.01,
    family_former=0.35,
    birth_swapped=0.003,
    birth_slip=0.003,
    birth_placeholder=0.001,
    sex_wrong=0.001,
    address_former=0.30,
    postcode_typing=0.004,
    postcode_missing=0.003,
    practice_missing=0.02,
    ethnicity_unknown=0.10,
)
COUNCIL_NOISE = IdentityNoise(
    number_missing=0.15,
    number_wrong=0.005,
    given_nickname=0.06,
    given_typing=0.012,
    family_typing=0.012,
    family_former=0.35,
    birth_swapped=0.005,
    birth_slip=0.004,
    birth_placeholder=0.003,
    sex_wrong=0.002,
    address_former=0.30,
    postcode_typing=0.005,
    postcode_missing=0.005,
    practice_missing=0.05,
    ethnicity_unknown=0.08,
)
MENTAL_HEALTH_NOISE = IdentityNoise(
    number_missing=0.02,
    number_wrong=0.005,
    given_nickname=0.05,
    given_typing=0.01,
    family_typing=0.01,
    family_former=0.30,
    birth_swapped=0.003,
    birth_slip=0.003,
    birth_placeholder=0.001,
    sex_wrong=0.001,
    address_former=0.25,
    postcode_typing=0.004,
    postcode_missing=0.004,
    practice_missing=0.03,
    ethnicity_unknown=0.07,
)

# Of the wrong NHS numbers: someone else's, else two digits misread.
WRONG_IS_SOMEBODY_ELSES = 0.6
# Somebody else's number is given only where the birth years are this far apart, so that no slip in either birth date
# could make number and birth date agree on the wrong person (a decade is the largest slip made).
DONOR_YEARS_APART = 15


@dataclass(frozen=True, slots=True)
class FeedFault:
    """A kind of line that no reader can take, and the quarantine rule it must come under.

    One in ``one_in`` of the lines that can carry it, which are the feed's, or for an ``observation-`` kind its
    Observations; the first within ``within`` lines a person, which the smallest world has too.
    """

    feed: str
    kind: str
    rule: str
    one_in: int
    within: float


# All are extra lines, so that no sound one is lost: about one in 5,000 of all feeds together.
FEED_FAULTS = (
    FeedFault("gp", "cut-off", "json-truncated", 16_000, 40.0),
    FeedFault("gp", "observation-impossible-date", "format-date-time", 8_000, 12.0),
    FeedFault("gp", "observation-latin-1", "encoding-not-utf-8", 8_000, 12.0),
    FeedFault("adt", "unknown-event", "unknown-event", 5_000, 2.0),
    FeedFault("adt", "no-person", "required", 5_000, 2.0),
    FeedFault("cld", "impossible-date", "format-date", 1_000, 0.05),
    FeedFault("cld", "no-person", "required", 1_000, 0.05),
    FeedFault("mh", "unknown-record-type", "code-not-in-value-set", 1_000, 0.2),
    FeedFault("community", "impossible-date", "format-date", 1_000, 0.2),
)

# Households and lives
CARE_HOME_SHARE = 0.007
TWIN_SHARE = 0.03  # of second children
NAMESAKE_SHARE = 0.02  # of first sons living with their father
SHARED_SURNAME = 0.78  # of couples
MIDDLE_NAME = 0.6
HOUSEHOLD_MOVED = 0.12  # within the five years
SURNAME_CHANGED = 0.15  # of women of 20 to 60 who share their partner's surname
LEFT_AREA = 0.006
CODED_CARER = 0.045  # of adults
CARER_ENDED = 0.15
DIABETES_RESOLVED = 0.04
HYPERTENSION_RESOLVED = 0.02
CODED_TWICE = 0.10
MERGED_PRACTICE_SHARE = 0.4  # of the successor's people came from the merged practice
STILL_UNDER_OLD_CODE = 0.4  # of those, the share that general practice records still place under the old code

# Hospital
SECOND_TRUST = 0.10
DUPLICATE_NUMBER = 0.012  # of persons at a trust: given a second local number, later merged (A40)
DIES_IN_HOSPITAL = 0.42

# Deaths a year per person by age band, shaped on the United Kingdom national life tables 2018-2020 and rounded.
MORTALITY_AGES = (0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90)
MORTALITY_MALE = (
    *(0.0042, 0.00018, 0.00009, 0.0001, 0.0003, 0.0005, 0.0006, 0.0008, 0.0012, 0.0018),
    *(0.0027, 0.0038, 0.0058, 0.0091, 0.0142, 0.0225, 0.0378, 0.0665, 0.115, 0.21),
)
MORTALITY_FEMALE = (
    *(0.0035, 0.00014, 0.00007, 0.00008, 0.00017, 0.0002, 0.00027, 0.0004, 0.0007, 0.0011),
    *(0.0017, 0.0026, 0.0039, 0.0060, 0.0092, 0.0150, 0.0267, 0.0496, 0.0925, 0.19),
)
# Multiplier at decile 1 and at decile 10; it fades to half its distance from 1 at 85 and over.
MORTALITY_MOST_DEPRIVED = 1.75
MORTALITY_LEAST_DEPRIVED = 0.66
