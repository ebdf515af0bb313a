"""Text → syntax tree. Precedence follows https://hl7.org/fhirpath/N1/#operator-precedence."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from commonweal.fhir.errors import excerpt
from commonweal.fhir.fhirpath.errors import SyntaxFault
from commonweal.fhir.fhirpath.tree import (
    FUNCTIONS,
    RULE_FUNCTIONS,
    Binary,
    Call,
    Constant,
    Empty,
    Item,
    Literal,
    Member,
    NamedItem,
    Negative,
    Node,
    RowIndex,
    This,
    type_name,
)

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<date>@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?
                 |\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?))
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<constant>%(?:[A-Za-z_]\w*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))
      | (?P<special>\$[A-Za-z]+)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<symbol><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
# No R4 invariant comes near; what is longer or deeper would end in Python's or DuckDB's own limits.
MOST_TOKENS = 500
DEEPEST = 12
LARGEST = 2**63 - 1
LARGEST_INDEX = 2**31 - 1
_SELDOM_CHAINED = frozenset(("implies", "xor", "=", "!=", "<", ">", "<=", ">=", "mod", "div"))
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}

# Loosest first; each level is left associative.
Levels = tuple[tuple[str, ...], ...]
_LEVELS: Levels = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("=", "!="),
    ("<", ">", "<=", ">="),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
# The whole language, for invariants and search parameters: views leave out what SQL cannot say.
_RULE_LEVELS: Levels = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!=", "~", "!~"),
    ("<", ">", "<=", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(one, text)


def _constant_name(text: str) -> str:
    """The name in ``%name``, ``%'name'`` or ``%`name```."""
    return _unescape(text[2:-1]) if text[1] in "'`" else text[1:]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SyntaxFault(f"cannot read {text[at]!r} at position {at} of {excerpt(text)!r}")
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at))
            if len(found) > MOST_TOKENS:
                raise SyntaxFault(f"{excerpt(text)!r} has more than {MOST_TOKENS} words and signs")
        at = match.end()
    found.append(_Token("end", "", len(text)))
    return found


def _is_there(written: str) -> bool:
    """Whether the calendar and the clock have the date or time ``@…``, its missing parts put in."""
    day, _, clock = written[1:].partition("T")
    clock, *offset = re.split(r"(?=[Z+-])", clock, maxsplit=1)
    try:
        date.fromisoformat((day or "2000") + "-01-01"[max(0, len(day) - 4) :])
        time.fromisoformat((clock or "00") + "".join(offset))
    except ValueError:
        return False
    return True


def _may_be_text(node: Node) -> bool:
    return isinstance(node, Constant) or (isinstance(node, Literal) and isinstance(node.value, str))


class _Parser:
    def __init__(self, text: str, levels: Levels, functions: Mapping[str, tuple[int, int]]) -> None:
        self.text = text
        self.levels = levels
        self.functions = functions
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        token = self.next
        self.place += 1
        return token

    def fault(self, what: str, token: _Token) -> SyntaxFault:
        return SyntaxFault(f"{what} at position {token.at} of {excerpt(self.text)!r}")

    def text_of(self, token: _Token, quoted: str) -> str:
        """What stands between quotes: no NUL and no half character, which neither JSON nor SQL can hold."""
        text = _unescape(quoted)
        if "\x00" in text or (not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text)):
            raise self.fault("text that is no Unicode text", token)
        return text

    def whole_number(self, token: _Token, most: int) -> int:
        if len(token.text) > len(str(most)) or int(token.text) > most:
            raise self.fault(f"a whole number over {most}", token)
        return int(token.text)

    def is_symbol(self, *texts: str) -> bool:
        return self.next.kind in ("symbol", "name") and self.next.text in texts

    def expect(self, symbol: str) -> None:
        token = self.take()
        if token.kind != "symbol" or token.text != symbol:
            raise self.fault(f"expected {symbol!r}, found {token.text or 'the end'!r}", token)

    def whole(self) -> Node:
        node = self.level(0)
        if self.next.kind != "end":
            raise self.fault(f"unexpected {self.next.text!r}", self.next)
        return node

    def inside(self) -> Node:
        """What stands in brackets."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(f"brackets inside brackets, more than {DEEPEST} deep,", self.next)
        node = self.level(0)
        self.depth -= 1
        return node

    def level(self, depth: int) -> Node:
        if depth == len(self.levels):
            return self.unary()
        node = self.level(depth + 1)
        told = 0
        while self.is_symbol(*self.levels[depth]):
            operator = self.take()
            told += operator.text in _SELDOM_CHAINED
            if told > DEEPEST:
                raise self.fault(f"more than {DEEPEST} of {operator.text} in a row", operator)
            right = self.level(depth + 1)
            if operator.text in ("is", "as"):
                if not type_name(right):
                    raise self.fault(f"{operator.text} needs the name of a type", operator)
                node = Call(node, operator.text, (right,))
            else:
                node = Binary(operator.text, node, right)
        return node

    def unary(self) -> Node:
        negative = False
        while self.is_symbol("-", "+"):
            negative ^= self.take().text == "-"
        of = self.postfix()
        if isinstance(of, Literal) and not isinstance(of.value, str | bool):
            return Literal(-of.value, of.type) if negative else of
        return Negative(of) if negative else of

    def postfix(self) -> Node:
        node = self.term()
        while True:
            if self.is_symbol("."):
                self.take()
                node = self.invocation(node)
            elif self.is_symbol("["):
                self.take()
                token = self.take()
                if token.kind == "constant":
                    node = NamedItem(node, _constant_name(token.text))
                elif token.kind == "number" and "." not in token.text:
                    node = Item(node, self.whole_number(token, LARGEST_INDEX))
                else:
                    raise self.fault("an index must be a whole number, or a constant that is one", token)
                self.expect("]")
            else:
                return node

    def term(self) -> Node:
        token = self.next
        if token.kind == "symbol" and token.text == "(":
            self.take()
            node = self.inside()
            self.expect(")")
            return node
        if token.kind == "symbol" and token.text == "{":
            self.take()
            self.expect("}")
            return Empty()
        if token.kind == "string":
            self.take()
            return Literal(self.text_of(token, token.text[1:-1]), "string")
        if token.kind == "number":
            self.take()
            if "." not in token.text:
                return Literal(self.whole_number(token, LARGEST), "integer")
            if not math.isfinite(float(token.text)):
                raise self.fault("a number too large", token)
            return Literal(float(token.text), "decimal")
        if token.kind == "date":
            self.take()
            if not _is_there(token.text):
                raise self.fault(f"there is no {token.text}", token)
            if token.text.startswith("@T"):
                return Literal(token.text[2:], "time")
            text = token.text[1:].removesuffix("T")
            return Literal(text, "dateTime" if "T" in token.text else "date")
        if token.kind == "constant":
            self.take()
            name = _constant_name(token.text)
            return RowIndex() if name == "rowIndex" else Constant(name)
        if token.kind == "special":
            self.take()
            if token.text != "$this":
                raise self.fault(f"{token.text} is not supported", token)
            return This()
        if token.kind == "name" and token.text in ("true", "false"):
            self.take()
            return Literal(token.text == "true", "boolean")
        return self.invocation(This())

    def invocation(self, of: Node) -> Node:
        token = self.take()
        if token.kind == "quoted":
            return Member(of, self.text_of(token, token.text[1:-1]))
        if token.kind == "special" and token.text == "$this":
            return of
        if token.kind != "name":
            raise self.fault(f"expected a name, found {token.text or 'the end'!r}", token)
        if not self.is_symbol("("):
            return Member(of, token.text)
        self.take()
        arguments: list[Node] = []
        if not self.is_symbol(")"):
            arguments.append(self.inside())
            while self.is_symbol(","):
                self.take()
                arguments.append(self.inside())
        self.expect(")")
        return self.call(of, token, tuple(arguments))

    def call(self, of: Node, token: _Token, arguments: tuple[Node, ...]) -> Node:
        if token.text not in self.functions:
            known = ", ".join(sorted(self.functions))
            raise self.fault(f"function {token.text}() is not supported (supported: {known})", token)
        fewest, most = self.functions[token.text]
        if not fewest <= len(arguments) <= most:
            raise self.fault(f"{token.text}() was given {len(arguments)} arguments", token)
        if token.text in ("ofType", "is", "as", "getReferenceKey") and arguments and not type_name(arguments[0]):
            raise self.fault(f"{token.text}() needs the name of a type", token)
        if token.text in ("extension", "join") and arguments and not _may_be_text(arguments[0]):
            raise self.fault(f"{token.text}() needs a string in quotes or a constant", token)
        return Call(of, token.text, arguments)


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """The syntax tree of ``text``; raises ``SyntaxFault`` with the position of the fault."""
    if not text.strip():
        raise SyntaxFault("an expression must not be empty")
    return _Parser(text, _LEVELS, FUNCTIONS).whole()


@lru_cache(maxsize=4096)
def parse_rule(text: str) -> Node:
    """The syntax tree of an invariant, with the operators and functions that views leave out.

    Raises ``SyntaxFault`` as :func:`parse` does. ``is`` and ``as`` become calls, as their functions do.
    """
    if not text.strip():
        raise SyntaxFault("an expression must not be empty")
    return _Parser(text, _RULE_LEVELS, RULE_FUNCTIONS).whole()
