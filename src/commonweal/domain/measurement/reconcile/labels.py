"""What a row or column label says its figures are: a total, a plan, a variance, a share, a rank."""

import re
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """The part a row or column plays in an arithmetic relation."""

    ITEM = "item"
    TOTAL = "total"
    SUBTOTAL = "subtotal"
    GRAND = "grand total"
    WHOLE = "whole"  # all, overall, persons: a total only if it fits as one
    OF_WHICH = "of which"
    AVERAGE = "average"
    MEDIAN = "median"
    LEAST = "least"
    MOST = "most"
    PLAN = "plan"
    ACTUAL = "actual"
    VARIANCE = "variance"
    VARIANCE_PERCENT = "variance percent"
    PERCENT = "percent"
    RATE = "rate"
    RANK = "rank"
    CUMULATIVE = "cumulative"
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    KEY = "key"
    YEAR = "year"
    DATE = "date"
    NOTE = "note"


TOTALS = frozenset({Role.TOTAL, Role.SUBTOTAL, Role.GRAND, Role.WHOLE})
STRONG = frozenset({Role.TOTAL, Role.SUBTOTAL, Role.GRAND})
ADDITIVE = frozenset({Role.ITEM, Role.PLAN, Role.ACTUAL, Role.NUMERATOR, Role.DENOMINATOR, Role.CUMULATIVE})
DERIVED = frozenset(
    {Role.VARIANCE, Role.VARIANCE_PERCENT, Role.PERCENT, Role.RATE, Role.RANK, Role.AVERAGE, Role.CUMULATIVE}
)
_FOOT = re.compile(r"[*†‡§¹²³⁴⁵⁶⁷⁸⁹⁰]+|\[\w{1,2}\]")
_UNITS = re.compile(r"\((?:£|€|\$)?\s*(?:'?0{3}s?|m|k|bn|%|million|thousand|n|no\.?|wte|fte)\s*\)", re.IGNORECASE)
_SHARE = re.compile(r"%|\bper ?cent(?:age)?\b|\bpct\b|\bpc\b|\bproportion\b|^shares?\b")
_CHANGE = (
    r"\b(?:variance|var|difference|diff|change|movement|surplus|deficit|gap|shortfall|overspend|underspend|increase|"
    r"decrease|net|remaining|remainder|balance|headroom|growth|yoy|year on year|vs plan|against plan|to plan|variation|"
    r"delta|underspends?|overspends?|better|worse|favourable|adverse|fav|adv)\b|Δ|^δ|"
    r"over\)? ?/ ?\(?under|under\)? ?/ ?\(?over|\+ ?/ ?[-–−]|^\+ ?/$|^\(?[bf]\)? ?/ ?\(?[wa]\)?$"
)
_PATTERNS: tuple[tuple[Role, str], ...] = (
    (Role.NOTE, r"^(?:comments?|notes?|narrative|source|rag|status|remarks?|commentary|trend|description)$"),
    (Role.OF_WHICH, r"^(?:o/w|of which|of these|including|includes|incl\.?|inc\.)\b"),
    (Role.SUBTOTAL, r"^sub[ -]?totals?\b|\bsub[ -]?totals?$"),
    (Role.GRAND, r"^(?:grand|overall|final) totals?\b|\bgrand total$"),
    (Role.RANK, r"\brank(?:ing|ed)?\b|^(?:position|league position|place|placing)$"),
    (Role.CUMULATIVE, r"\b(?:cumulative|cum|running total)\b"),
    (Role.AVERAGE, r"^(?:average|mean|avg) (?:per|a|each) (?:period|month|week|quarter|year|day)$"),
    (Role.MEDIAN, r"^median$"),
    (Role.LEAST, r"^(?:min(?:imum)?|lowest)$"),
    (Role.MOST, r"^(?:max(?:imum)?|highest)$"),
    (Role.DATE, r"(?<!to )\bdate\b|\b(?:deadline|as at|dob)\b|\b(?:report|reply|response|payment|papers) due$"),
    (Role.YEAR, r"^(?:year|fy|financial year|calendar year|month|week|quarter|period)$"),
    (
        Role.KEY,
        r"^(?:id|ids|ref|reference|no\.?|#|seq|sequence|item no\.?|line|row|code|ods|ods code|minute no|number)$"
        r"|\b(?:id|ref|reference|code|number|seq)$"
        r"|^(?:risk|action|item|decision|issue|record|case|order|log|minute|paper|serial|ticket|invoice|incident) "
        r"(?:no\.?|number)$",
    ),
)
_AFTER: tuple[tuple[Role, str], ...] = (
    (
        Role.RATE,
        r"\bper [\d,]+|\brates?\b|\bratio\b|\bindex\b|\bscore\b|\bcost per\b|\bunit (?:cost|price)\b|\bprice\b|\bage\b"
        r"|\blatitude\b|\blongitude\b|\b(?:los|length of stay)\b"
        r"|\bper (?!cent)[a-z]+",
    ),
    (Role.AVERAGE, r"\b(?:average|mean|avg)\b"),
    (Role.TOTAL, r"^totals?\b|\btotals?$|^sum$|^total\b|^sum total$|\btotals? \("),
    (
        Role.WHOLE,
        r"^(?:all|overall|everyone|persons|combined|both|aggregate|everything|all .*|sum of .*|ytd|year|full year|fy"
        r"|(?:the )?(?:whole |entire )?(?:system|ics|icb|icp|region|group)(?:[ -]?wide)?|england|national)$",
    ),
    (
        Role.DENOMINATOR,
        r"^N$|\b(?:denominator|eligible|population|cohort|caseload|base|list size|offered|invited|due)\b",
    ),
    (
        Role.PLAN,
        r"\b(?:plan|planned|budget|target|trajectory|expected|profile|baseline|standard|previous|prior|last|before"
        r"|allocation|control total)\b",
    ),
    (
        Role.ACTUAL,
        r"\b(?:actual|actuals|outturn|forecast|spend|spent|result|observed|current|latest|this|after|now|achieved|delivered"
        r"|fot|act|expenditure|incurred)\b",
    ),
    (
        Role.WHOLE,
        r"\bytd$|\byear to date$|^year to date|^annual$|^full[- ]year\b|\bcombined$|^fy ?\d"
        r"|\boverall$",
    ),
    (
        Role.NUMERATOR,
        r"^n$|\b(?:numerator|vaccinated|completed|within|seen|met|received|screened|quit|successful|uptake)\b",
    ),
)


def plain(label: str) -> str:
    """A label in lower case, without footnote marks, underscores and bracketed units."""
    text = _FOOT.sub("", label.replace("_", " ")).strip()
    return " ".join(_UNITS.sub(" ", text).lower().split()).strip(" :.-–—•")


def is_share(label: str) -> bool:
    """Whether a label says percent."""
    return "%" in label or ("p" in label.lower() and bool(_SHARE.search(label.lower().replace("_", " "))))


_MONEY_SCALE = re.compile(
    r"(?P<m>[£€$]\s?m(?:illions?|n)?\b|\bmillions?\b|\(m\))|(?P<k>[£€$]\s?'?000'?s?|[£€$]\s?k\b|\bthousands?\b|'000s?|\(000s?\))|"
    r"(?P<b>[£€$]\s?bn\b|\bbillions?\b)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1 << 14)
def role(label: str) -> Role:
    """The part a label says its figures play; ``item`` when it says nothing."""
    if label.strip() in {"N", "n"}:
        return Role.DENOMINATOR if label.strip() == "N" else Role.NUMERATOR
    text = _MONEY_SCALE.sub(" ", plain(label)).strip(" :.–—•()")
    if not text and not is_share(label):
        return Role.ITEM
    for found, pattern in _PATTERNS:
        if re.search(pattern, text):
            return found
    share, change = is_share(label), bool(re.search(_CHANGE, text))
    if change:
        return Role.VARIANCE_PERCENT if share or re.search(r"\bgrowth\b", text) else Role.VARIANCE
    if share:
        return Role.PERCENT
    for found, pattern in _AFTER:
        if re.search(pattern, text):
            return found
    return Role.ITEM


@lru_cache(maxsize=1 << 14)
def side(label: str) -> Role | None:
    """Whether a label names a plan, an actual, a numerator or a denominator, whatever else it says."""
    if label.strip() in {"N", "n"}:
        return Role.DENOMINATOR if label.strip() == "N" else Role.NUMERATOR
    text = plain(label)
    wanted = (Role.PLAN, Role.ACTUAL, Role.NUMERATOR, Role.DENOMINATOR)
    return next((found for found, pattern in _AFTER if found in wanted and re.search(pattern, text)), None)


_EXACT = re.compile(
    r"(?:[\w&'’-]+ ){0,3}(?:sub[ -]?)?totals?(?: \(.*\))?|sum(?: total)?"
    r"|totals? (?:all|overall|icb|ics|icp|system|trusts?|region|group|all [\w-]+)"
)
_NO_OVERLAP = re.compile(
    r"all|overall|sum|combined|aggregate|everything|sum of .*|all (?:organisations?|providers?|services?|trusts?|wards?"
    r"|areas?|sites?|practices|places?|boroughs?|teams?|directorates?|divisions?|departments?|regions?|localities|pcns|systems?"
    r"|hospitals?|funds?|budgets?|lines?|categories|districts?|councils?|programmes?|schemes?|projects?)(?: combined)?"
)


def exact_total(label: str) -> bool:
    """Whether a label is nothing but the word total, so that no other reading is open."""
    text = plain(label)
    return bool(_EXACT.fullmatch(text)) and not is_share(label)


def whole_of_parts(label: str) -> bool:
    """Whether a label names the whole of things that do not overlap, as *all people* beside groups of them may not."""
    return bool(_NO_OVERLAP.fullmatch(plain(label)))


def scale(label: str) -> float:
    """What figures under a label are multiplied by: 1,000,000 for £m, 1,000 for £000, else 1."""
    found = _MONEY_SCALE.search(label)
    if found is None:
        return 1.0
    return 1e6 if found["m"] else 1e3 if found["k"] else 1e9


def without_scale(label: str) -> str:
    """A label without the unit of money its figures are in, so that *Spend £m* and *Spend £000* are of one thing."""
    return _MONEY_SCALE.sub(" ", label)


def rounds(label: str) -> bool:
    """Whether a label says its whole numbers are rounded: money in thousands, whole-time equivalents, averages."""
    return scale(label) != 1.0 or bool(
        re.search(r"\b(?:w?te|fte|wte|rounded|average|mean|rate|estimate[ds]?|nearest)\b", label.lower())
    )
