"""The policies in plain English: what the files themselves say of each rule, and what each is found to decide.

Nothing is written twice. The words are the comments of the ``.cedar`` files; who may do what is found by putting
every question to the gate and noting which rule answered.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import product

from commonweal.apps.access.gate import POLICIES, decision
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import Action, Category, Purpose, RelationshipKind, RestrictionReason, Role

_RULE = re.compile(
    r'(?P<why>(?:^//[^\n]*\n)*)^@id\("(?P<name>[^"]+)"\)\n(?P<text>(?:permit|forbid)\b.*?;)$', re.M | re.S
)
_RECORD = (Action.READ, Action.WRITE, Action.RESTRICT)


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule was found to decide: every combination of these was asked; values in the vocabulary's order."""

    actions: tuple[str, ...]
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    relationships: tuple[str, ...]
    categories: tuple[str, ...]
    own_entry: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, whether it permits or forbids, why it is there, its text, and what it decides."""

    name: str
    permits: bool
    why: str
    text: str
    found: Found


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One file: its heading, the paragraphs before its first rule, its rules."""

    name: str
    title: str
    words: tuple[str, ...]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=4)
def policy_files(effective: date) -> tuple[PolicyFile, ...]:
    """The set that came into force on ``effective``, a file at a time: care first, then by name."""
    found = _found(effective)
    return tuple(
        _file(path.stem, path.read_text(encoding="utf-8"), found)
        for path in sorted(
            (POLICIES / effective.isoformat()).glob("*.cedar"), key=lambda path: (path.stem != "care", path.stem)
        )
    )


def _file(name: str, text: str, found: dict[str, Found]) -> PolicyFile:
    rules = tuple(
        Rule(
            match["name"],
            match["text"].startswith("permit"),
            _prose(match["why"]),
            match["text"],
            found.get(match["name"], _NOTHING),
        )
        for match in _RULE.finditer(text)
    )
    head = text[: text.find("@id(")]
    blocks = [block for block in re.split(r"\n(?://)?\s*\n", head) if block.strip()]
    if not head.endswith("\n\n") and blocks:
        blocks.pop()  # the comment that belongs to the first rule
    title, _, rest = blocks[0].partition("\n") if blocks else (name, "", "")
    words = [_prose(rest), *map(_prose, blocks[1:])]
    return PolicyFile(name, _prose(title), tuple(word for word in words if word), rules)


def _prose(comment: str) -> str:
    """A block of comment lines as one paragraph."""
    return " ".join(line.lstrip("/").strip() for line in comment.splitlines()).strip()


@dataclass(slots=True)
class _Seen:
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    own_entry: bool = False


_NOTHING = Found((), (), (), (), (), False)


def _found(effective: date) -> dict[str, Found]:
    """For each rule, the questions it was among the deciders of."""
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for names, own_entry, asked in _questions(effective):
        for name in names:
            for part, value in asked.items():
                seen[name].values[part].add(value)
            seen[name].own_entry |= own_entry
    return {name: _in_order(one) for name, one in seen.items()}


def _in_order(seen: _Seen) -> Found:
    def among(part: str, kind: type[Action | Role | Purpose | RelationshipKind | Category]) -> tuple[str, ...]:
        return tuple(item.value for item in kind if item.value in seen.values[part])

    return Found(
        among("action", Action),
        among("role", Role),
        among("purpose", Purpose),
        among("relationship", RelationshipKind),
        among("category", Category),
        seen.own_entry,
    )


def _questions(effective: date) -> Iterator[tuple[tuple[str, ...], bool, Mapping[str, str]]]:
    """Every question, with the rules that decided: (rules, about the asker's own entry, what was asked).

    A restriction, and each standing of the agreement, is tried only on what would be open without it: else it takes
    nothing from anybody.
    """
    for role, purpose in product(Role, Purpose):
        for action in Action:
            if action not in _RECORD:
                answer = decision(effective, role, purpose, action)
                yield answer.rules, False, {"role": role, "purpose": purpose, "action": action}
                for standing in Standing if answer.allowed else ():
                    stopped = decision(effective, role, purpose, action, agreement=standing)
                    if not stopped.allowed:
                        yield stopped.rules, False, {"role": role, "purpose": purpose, "action": action}
        for action, category, kind in product(_RECORD, Category, RelationshipKind):
            asked = {"role": role, "purpose": purpose, "action": action, "category": category, "relationship": kind}
            answer = decision(effective, role, purpose, action, category, [kind])
            yield answer.rules, False, asked
            if answer.allowed:
                for reason, own in product(RestrictionReason, (False, True)):
                    restricted = decision(effective, role, purpose, action, category, [kind], reason, own)
                    if not restricted.allowed:
                        yield restricted.rules, own, asked
                for standing in Standing:
                    unagreed = decision(effective, role, purpose, action, category, [kind], agreement=standing)
                    if not unagreed.allowed:
                        yield unagreed.rules, False, asked
