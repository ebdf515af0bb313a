"""The syntax tree. Every node is frozen and hashable; ``This`` is the input of the expression."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class This:
    """The focus: the node an expression starts from, or the item a criterion looks at."""


@dataclass(frozen=True, slots=True)
class RowIndex:
    """``%rowIndex``: the 0-based place of the current item in the nearest iteration."""


@dataclass(frozen=True, slots=True)
class Constant:
    """``%name`` before a view has put its value in."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the expression or taken from a constant; ``type`` is its FHIR primitive type."""

    value: str | bool | int | float
    type: str


@dataclass(frozen=True, slots=True)
class Empty:
    """``{}``: the empty collection."""


@dataclass(frozen=True, slots=True)
class Member:
    """``of.name``."""

    of: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``of[index]``, counted from 0."""

    of: "Node"
    index: int


@dataclass(frozen=True, slots=True)
class NamedItem:
    """``of[%name]``, before the constant's value is put in: then it is an ``Item``."""

    of: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """``of.name(arguments)``. A type specifier argument is a ``Member`` of ``This``."""

    of: "Node"
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    """``-of``."""

    of: "Node"


Node = This | RowIndex | Constant | Literal | Empty | Member | Item | NamedItem | Call | Binary | Negative

# name -> (fewest, most) arguments
FUNCTIONS: dict[str, tuple[int, int]] = {
    "where": (1, 1),
    "exists": (0, 1),
    "all": (1, 1),
    "empty": (0, 0),
    "not": (0, 0),
    "count": (0, 0),
    "first": (0, 0),
    "last": (0, 0),
    "join": (0, 1),
    "ofType": (1, 1),
    "extension": (1, 1),
    "getResourceKey": (0, 0),
    "getReferenceKey": (0, 1),
    "lowBoundary": (0, 0),
    "highBoundary": (0, 0),
}

# What an invariant may call besides: https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html#functions
RULE_FUNCTIONS: dict[str, tuple[int, int]] = {
    **{name: arity for name, arity in FUNCTIONS.items() if not name.endswith(("Boundary", "Key"))},
    **dict.fromkeys(("allTrue", "allFalse", "anyTrue", "anyFalse", "isDistinct", "distinct", "hasValue"), (0, 0)),
    **dict.fromkeys(("single", "tail", "children", "descendants", "resolve", "htmlChecks"), (0, 0)),
    **dict.fromkeys(("toString", "toInteger", "toDecimal", "length", "lower", "upper", "trim"), (0, 0)),
    **dict.fromkeys(("is", "as", "select", "repeat", "skip", "take", "union", "combine"), (1, 1)),
    **dict.fromkeys(("intersect", "exclude", "subsetOf", "supersetOf"), (1, 1)),
    **dict.fromkeys(("startsWith", "endsWith", "contains", "matches", "indexOf", "memberOf", "conformsTo"), (1, 1)),
    "replace": (2, 2),
    "replaceMatches": (2, 2),
    "substring": (1, 2),
    "trace": (1, 2),
    "iif": (2, 3),
}

TEXT_TYPES = frozenset(
    [
        "base64Binary",
        "canonical",
        "code",
        "date",
        "dateTime",
        "id",
        "instant",
        "markdown",
        "oid",
        "string",
        "time",
        "uri",
        "url",
        "uuid",
    ]
)
INTEGER_TYPES = frozenset(["integer", "integer64", "positiveInt", "unsignedInt"])
PRIMITIVE_TYPES = TEXT_TYPES | INTEGER_TYPES | {"boolean", "decimal"}


def type_name(node: Node) -> str:
    """The type an argument of ``ofType`` or ``getReferenceKey`` names; '' if it is not a type name.

    ``FHIR.Patient`` and ``System.String`` lose their name space.
    """
    if isinstance(node, Member) and (
        isinstance(node.of, This) or (isinstance(node.of, Member) and node.of.name in ("FHIR", "System"))
    ):
        return node.name
    return ""
