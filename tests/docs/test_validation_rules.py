"""Every rule that profile validation can name is explained in docs/reference/validation-rules.md, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_rule_of_profiles_is_documented_and_every_documented_one_exists() -> None:
    code = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "src" / "commonweal" / "fhir" / "profiles").glob("*.py")
    )
    used = set(
        re.findall(r'"((?:profile|slice|extension|modifier-extension|code|reference)-[a-z-]+|not-checked)"', code)
    )
    page = (ROOT / "docs" / "reference" / "validation-rules.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    documented = {rule for row in rows for rule in re.findall(r"`([a-z-]+)`", row)}
    assert len(used) > 12
    assert used == documented
