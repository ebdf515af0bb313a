"""What a browser may ask for of the folders that hold stylesheets, scripts, fonts and pictures.

The design system's package is 1,300 files, of which a page asks for its built script and its assets; the rest (each
component by itself, sources, types, maps) would be looked over at each start and be served to nobody.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder

NOT_ASKED_FOR = ("common", "components", "core", "errors", "lib", "macros", "*.map", "*.mjs", "*.scss", "*.ts", "*.mts")


class Finder(FileSystemFinder):
    """Django's finder of ``STATICFILES_DIRS``, less what no page asks for."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """(path, storage) of each file."""
        return super().list([*(ignore_patterns or ()), *NOT_ASKED_FOR])
