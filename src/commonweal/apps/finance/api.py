"""The public face of the finance app."""

from commonweal.apps.finance.actions import load_published

__all__ = ["load_published"]
