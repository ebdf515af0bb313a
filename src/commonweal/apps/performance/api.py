"""The public face of the performance app."""

from commonweal.apps.performance.actions import load_published

__all__ = ["load_published"]
