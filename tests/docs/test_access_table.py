"""docs/reference/access-table.md is the tables the gate is tested against. Write it anew:

python -m tests.docs.test_access_table
"""

import csv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "access-table.md"
CATEGORIES = ("demographics", "clinical", "medication", "mental_health", "social_care")
HEAD = """# Who may see what

Made from the tables that the gate is tested against (`access_table.csv`, `access_platform.csv`,
`access_restrictions.csv` and `access_agreements.csv` in `tests/spec/`) by `python -m tests.docs.test_access_table`.
Every role × purpose × relationship × category has an expected answer there: {many} answers, of which {few} are other
than *no*. Shown here are the rows with one of those; **every other pairing is refused**. So for population health,
service planning, research and performance nobody opens an identified person's record: the second table says what is
done instead.
What the words mean: [how access is decided](../explanation/access.md).

"""


DIRECTORY = """Care staff, citizens and administrators look up organisations and practitioners for any purpose. Besides,
by role and purpose, and nothing by every other pairing:
"""
AGREED = """Of what is open by the first table, by how the entry stands with the asker's organisation: its own, or by
the best sharing agreement between the two that covers category and purpose. *Lapsed* is past its last day; *ended* was
decided.
[Why care outlives a lapsed one](../decisions/agreements-safeguard-not-basis.md).
"""


def page() -> str:
    """The document as it should be."""
    table, restricted = _rows("access_table.csv"), _rows("access_restrictions.csv")
    few = sum(row[category] != "no" for row in table for category in CATEGORIES)
    lines = [HEAD.format(many=f"{len(table) * len(CATEGORIES):,}", few=few)]
    lines += [_line(table[0]), _line("---" for _ in table[0])]
    lines += [_line(row.values()) for row in table if any(row[category] != "no" for category in CATEGORIES)]
    platform = [row for row in _rows("access_platform.csv") if row["may"] not in ("nothing", "read_directory")]
    lines += ["\n## What opens nobody's record\n", DIRECTORY]
    lines += [_line(platform[0]), _line("---" for _ in platform[0])]
    lines += [_line({**row, "may": row["may"].replace(" ", ", ")}.values()) for row in platform]
    agreed = _rows("access_agreements.csv")
    lines += ["\n## When another organisation wrote it\n", AGREED]
    lines += [_line(agreed[0]), _line("---" for _ in agreed[0])]
    lines += [_line(row.values()) for row in agreed]
    lines += ["\n## When something is restricted\n", "Of what is open by the table above:\n"]
    lines += [_line(restricted[0]), _line("---" for _ in restricted[0])]
    lines += [_line(row.values()) for row in restricted]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("_", " ") for cell in cells) + " |"


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "spec" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.docs.test_access_table"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
