"""Figures told in sentences: what number, in what unit, of what kind, and the words that say what it is of.

A sentence tells a figure when the number stands after a verb or preposition of telling (*were 1,234*, *total of £3.2m*)
or before the noun it counts (*1,234 attendances*). A number that is a date, an age, a change (*50 more*), an earlier
value (*from 900 to …*) or about (*nearly 1,300*) is not one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commonweal.domain.measurement.reconcile.calendar_dates import read_period


class Unit(StrEnum):
    """What a number in a sentence is a number of."""

    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"


class Said(StrEnum):
    """The part a number plays in its sentence."""

    FIGURE = "figure"
    PLAN = "plan"
    VARIANCE = "variance"
    NONE = "none"  # a change, an earlier value, an estimate, or a number of something else


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a paper as (line number, paragraph) pairs; ``about`` words each paragraph is known to be of."""

    file: str
    paragraphs: Sequence[tuple[int, str]]
    column: str = ""
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a sentence: its value in units, the worth of its last digit, and how it is told.

    ``words`` are the tokens of the sentence, ``context`` those of the one before it in its paragraph; ``before`` and
    ``after`` the words about the number, and ``told`` that one of telling stands before it.
    """

    line: int
    sentence: str
    printed: str
    value: float
    step: float
    unit: Unit
    said: Said
    words: frozenset[str]
    context: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]
    told: bool


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z£•\-*])|\s*[•]\s+|;\s+")
_NUMBER = re.compile(
    r"(?<![\w.,/£$€-])(?P<minus>[-−](?=[£\d]))?(?P<money>£)?\s?(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<scale>k|m|mn|bn|thousand|million|billion)\b)?(?P<percent>\s?%|\s?per cent\b|\s?percent\b)?"
    r"(?![\w/]|[.,]\d|-(?:hour|week|day|month|year|bed|point))",
    re.IGNORECASE,
)
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_TOKEN = re.compile(r"[a-z0-9]+(?:/[0-9]+)?(?:'[a-z]+)?")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_EMERGENCY = re.compile(r"\ba and e\b|\baccident and emergency\b")
_DATED = re.compile(rf"\b(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?({_MONTH})[\s'’-]*((?:20)?\d\d)?)\b", re.IGNORECASE)
_SKIPPED = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}\b(?:\s+\d{{4}})?|\b{_MONTH}[\s'’-]+\d{{2,4}}\b|\b(?:19|20)\d\d(?:[/-]\d{{2,4}})?\b"
    r"|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{1,2}[:.]\d\d\s?(?:am|pm)\b"
    r"|\b(?:table|figure|section|paragraph|page|appendix|month|week|quarter|item|annex|band|phase|wave|option|note|line|"
    r"step|level|year|tier|m|q)\s?\d+(?:\.\d+)*\b",
    re.IGNORECASE,
)
_TELLS = frozenset([
    "was", "were", "is", "are", "be", "been", "of", "at", "totalled", "totaled", "total", "totals", "reached",
    "stood", "amounted", "came", "equalled", "equals", "recorded", "reported", "saw", "had", "has", "have",
    "spent", "received", "delivered", "treated", "made", "completed", "employed", "showing", "shows", "showed",
    "being", "to", "achieved", "performance", "averaged", "average", "counted", "held", "provided", "with",
    "count", "counts",
])  # fmt: skip
_ENDS = frozenset([
    "in", "at", "against", "compared", "and", "for", "during", "by", "with", "on", "which", "than", "as",
    "while", "this", "that", "the", "a", "an", "but", "from", "or", "over", "across", "per", "versus", "vs",
    "within", "under", "above", "below", "since", "until", "were", "was", "is", "are", "of", "to", "after",
    "before", "when", "giving", "leaving", "against",
])  # fmt: skip
_ABOUT = frozenset([
    "around", "about", "approximately", "approx", "nearly", "almost", "roughly", "circa", "some", "least",
    "over", "most", "up",
])  # fmt: skip
_CHANGES = frozenset([
    "more", "fewer", "less", "increase", "increased", "rise", "rose", "risen", "fall", "fell", "fallen", "drop",
    "dropped", "decrease", "decreased", "reduction", "reduced", "grew", "growth", "up", "down", "additional",
    "extra", "further", "higher", "lower", "improvement", "improved", "change", "difference", "gained", "lost",
    "another", "saved",
])  # fmt: skip
_PLANS = frozenset([
    "plan", "planned", "target", "budget", "trajectory", "standard", "budgeted", "expected", "ambition",
    "threshold", "ceiling",
])  # fmt: skip
_VARIES = frozenset([
    "overspend", "overspent", "underspend", "underspent", "variance", "adverse", "favourable", "deficit",
    "surplus", "shortfall", "over", "under", "ahead", "behind",
])  # fmt: skip
_EARLIER = frozenset([
    "from", "compared", "previously", "last", "previous", "earlier", "prior", "versus", "vs", "than", "year's",
])  # fmt: skip
_BEFORE, _AFTER = 5, 4


def stem(word: str) -> str:
    """A word without its plural s, so that attendance and attendances are one."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def tokens(text: str) -> frozenset[str]:
    """Words of a text, stemmed, with a token for each month named: ``m04``, and ``2024m04`` where the year is said."""
    low = _EMERGENCY.sub("ae", " ".join(text.lower().replace("&", " and ").split()))
    found = {stem(word) for word in _TOKEN.findall(low)}
    for match in _DATED.finditer(low):
        period = read_period(f"{match[1]} {match[2]}" if match[2] else match[1])
        if period and period[0] == "month":
            found |= {f"{period[1] // 12}m{period[1] % 12:02}", f"m{period[1] % 12:02}"}
        elif period:
            found.add(f"m{period[1] % 12:02}")
        found -= {stem(word) for word in _TOKEN.findall(match[0])}
    return frozenset(found)


def mentions(text: Text, names: Mapping[str, str]) -> Iterator[Mention]:
    """Every number told in the sentences of a text; ``names`` are other names of organisations with the one name."""
    for line, paragraph in text.paragraphs:
        if not any(map(str.isdigit, paragraph)):
            continue
        offset, context = 0, frozenset[str]()
        for sentence in _SENTENCE.split(paragraph):
            at = paragraph.find(sentence, offset) if sentence else -1
            offset = at + len(sentence) if at >= 0 else offset
            lines = paragraph[: max(at, 0)].count("\n")
            words = tokens(_named(" ".join([sentence, *text.about]), names))
            yield from _of_sentence(sentence, line + lines, words, context)
            context = words


def _of_sentence(sentence: str, line: int, words: frozenset[str], context: frozenset[str]) -> Iterator[Mention]:
    blank = _SKIPPED.sub(lambda found: "#" * len(found[0]), sentence)
    since = 0
    for match in _NUMBER.finditer(blank):
        places = len(match["n"].partition(".")[2])
        scale = _SCALES[match["scale"].lower()] if match["scale"] else 1.0
        value = float(match["n"].replace(",", "")) * scale
        digits = match["n"].replace(",", "")
        noughts = len(digits) - len(digits.rstrip("0")) if not places and value else 0
        step = scale * 10.0 ** (-places if places or noughts < 2 else noughts)
        unit = Unit.PERCENT if match["percent"] else Unit.MONEY if match["money"] or match["scale"] else Unit.COUNT
        left = tuple(_TOKEN.findall(_clause(sentence[: match.start()], last=True).lower())[-_BEFORE:])
        right = tuple(_TOKEN.findall(_clause(sentence[match.end() :]).lower())[:_AFTER])
        clause = frozenset(_TOKEN.findall(blank[since : match.start()].lower()))
        since = match.end()
        said = _said(left, right)
        if said is Said.FIGURE and clause & _PLANS:
            said = Said.PLAN
        told = bool(set(left[-3:]) & _TELLS) or bool(re.search(r"[:=(]\s*\Z", sentence[: match.start()]))
        if unit is Unit.COUNT and right and right[0] not in _ENDS and not match["percent"]:
            told = False  # a count of what follows it
        yield Mention(
            line + sentence[: match.start()].count("\n"),
            " ".join(sentence.split()),
            match[0].strip(),
            -value if match["minus"] else value,
            step,
            unit,
            said,
            words,
            context,
            left,
            tuple(map(stem, right)),
            told,
        )


def _clause(text: str, *, last: bool = False) -> str:
    """The part of a text up to the next comma or bracket, or after the last one."""
    parts = re.split(r"[,;()]\s", text)
    return parts[-1] if last else parts[0]


def _said(left: Sequence[str], right: Sequence[str]) -> Said:
    near, close = set(left[-4:]) | set(right[:2]), set(left[-2:])
    if close & _ABOUT - {"over", "up", "under"} or (
        set(left[-2:]) & {"more", "less", "fewer"} and left[-1:] == ("than",)
    ):
        return Said.NONE
    if near & _VARIES and not set(left[-3:]) & _PLANS:
        return Said.VARIANCE
    if (
        set(left[-1:]) & {"from", "by", "over", "under"}
        or near & _CHANGES
        or set(right[:2]) & {"times", "percentage", "point"}
    ):
        return Said.NONE
    if set(left[-4:]) & _PLANS or set(right[:1]) & _PLANS:
        return Said.PLAN
    if set(left[-3:]) & _EARLIER or set(right[:3]) & {"last", "previous", "previously", "earlier"}:
        return Said.NONE
    return Said.FIGURE


def _named(text: str, names: Mapping[str, str]) -> str:
    low = text.lower()
    for alias, name in names.items():
        if alias in low and name not in low:
            low = re.sub(rf"\b{re.escape(alias)}\b", name, low)
    return low
