"""The page of reconciliation rules is written from the rules: ``python -m tests.docs.test_reconciliation_page``."""

from pathlib import Path

from commonweal.domain.measurement.reconcile.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "reconciliation-rules.md"


def page() -> str:
    """Every rule under its group."""
    lines = [
        "# Reconciliation rules",
        "",
        "What `commonweal reconcile` and the page *Reconcile tables* hold tables to. Written from the rules by",
        "`python -m tests.docs.test_reconciliation_page`.",
        "",
        "A *note* is a difference that rounding explains, a *warning* one that",
        "it does not, an *error* cannot be true. See [how to reconcile tables](../how-to/reconcile-tables.md).",
    ]
    group = ""
    groups = list(dict.fromkeys(rule.group for rule in RULES.values()))
    for rule in sorted(RULES.values(), key=lambda rule: groups.index(rule.group)):
        if rule.group != group:
            group = rule.group
            lines += ["", f"## {group}"]
        lines += [
            "",
            f"### `{rule.name}`",
            f"{rule.sentence}",
            "",
            f"- **Applied to:** {rule.evidence}",
            f"- **Severity:** {rule.severity}.",
            f"- **What to check:** {rule.check}",
        ]
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_rules_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.docs.test_reconciliation_page"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
