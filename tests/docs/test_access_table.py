"""docs/reference/access-table.md is the two tables the gate is tested against. Write it anew:

python -m tests.docs.test_access_table
"""

import csv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "access-table.md"
CATEGORIES = ("demographics", "clinical", "medication", "mental_health", "social_care")
HEAD = """# Who may see what

Made from the tables that the gate is tested against (`tests/spec/access_table.csv` and
`tests/spec/access_restrictions.csv`) by `python -m tests.docs.test_access_table`. Every role × purpose ×
relationship × category has an expected answer there: {many} answers, of which {few} are other than *no*. Shown
here are the rows with one of those; **every other pairing is refused**.
What the words mean: [how access is decided](../explanation/access.md).

"""


def page() -> str:
    """The document as it should be."""
    table, restricted = _rows("access_table.csv"), _rows("access_restrictions.csv")
    few = sum(row[category] != "no" for row in table for category in CATEGORIES)
    lines = [HEAD.format(many=f"{len(table) * len(CATEGORIES):,}", few=few)]
    lines += [_line(table[0]), _line("---" for _ in table[0])]
    lines += [_line(row.values()) for row in table if any(row[category] != "no" for category in CATEGORIES)]
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
