"""A pack: sections of blocks, the same whatever they are rendered as, and the figures they were made from."""

from dataclasses import dataclass

from commonweal.apps.reporting.model import Headline, Restated, Source, Table
from commonweal.charts.drawings import Chart


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph with the numbers of its sources; ``tone`` is lead, strong or empty."""

    text: str
    sources: tuple[int, ...] = ()
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Names with what is said of each: ``(name, text)``."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Headlines:
    """What a member reads first."""

    items: tuple[Headline, ...]


@dataclass(frozen=True, slots=True)
class Icons:
    """Small drawings of 64 × 64 with what each says: ``(svg, words)``."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """The origins of figures, by number."""

    items: tuple[Source, ...]


Block = Para | Bullets | Terms | Headlines | Icons | Sources | Chart | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of level 2 or 3 and what stands below it. ``slug`` is its anchor."""

    slug: str
    title: str
    level: int
    blocks: tuple[Block, ...]

    @property
    def parts(self) -> list[tuple[str, Block]]:
        """Each block with the name of its kind, for a template to choose by."""
        return [(type(block).__name__, block) for block in self.blocks]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure the pack was made from, as it may be compared and released.

    ``value`` is the number as text, "" where there is none; ``text`` as printed. ``basis`` is on what it may be made
    public: a ``published paper``, ``disclosure control``, or "" for none.
    """

    key: str
    indicator: str
    name: str
    unit: str
    footprint_kind: str
    footprint: str
    period: str
    lens: str
    category: str
    kind: str
    value: str
    text: str
    state: str
    as_at: str
    source: str
    basis: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A report for one month and one audience. The same figures and the same day make the same pack."""

    period: str
    month: str
    title: str
    audience: str
    audience_name: str
    made_on: str
    synthetic: bool
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
    restated: tuple[Restated, ...]
    findings: int

    @property
    def charts(self) -> int:
        """How many charts there are."""
        return sum(isinstance(block, Chart) for section in self.sections for block in section.blocks)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rendering stands: a draft, or version ``number`` in ``state`` with who did what and when."""

    number: int = 0
    state: str = "draft"
    code: str = ""
    prepared: str = ""
    decided: str = ""

    @property
    def sentence(self) -> str:
        """As the cover says it."""
        if not self.number:
            return "Draft: not frozen, not signed off. Figures may change."
        parts = [f"Version {self.number}: {self.state.replace('_', ' ')}.", f"Prepared by {self.prepared}."]
        if self.decided:
            parts.append(f"{self.state.capitalize()} by {self.decided}.")
        return " ".join([*parts, f"Content hash (SHA-256): {self.code}."])


DRAFT = Standing()
