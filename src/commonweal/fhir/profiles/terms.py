"""What validation asks of terminology. Who answers is whoever holds the code systems: tables, or a test's own."""

from typing import Protocol


class Terms(Protocol):
    """Membership of codes in value sets."""

    def member(self, value_set: str, system: str | None, code: str) -> bool | None:
        """Whether the code is in the value set (``system`` None: of a plain ``code`` element); None: unknown here."""
        ...


class NoTerms:
    """Nothing is loaded, so nothing is known."""

    def member(self, value_set: str, system: str | None, code: str) -> bool | None:
        """None, always."""
        return None
