"""Rules about imports that no stock contract type can say, each a function from a graph to violations.

The layer contracts are in pyproject.toml under [tool.importlinter]; these add: an app is used only through its
``api``; a view never imports models; pure rooms import only what they may. All work on a grimp graph or on
source text, so that a canary can plant a violation in a copy and expect it to be named.
"""

import ast
import sys
from pathlib import Path

from grimp import ImportGraph

APPS = "commonweal.apps."
# What each pure room may import besides the standard library and what the layers allow within commonweal.
MAY_IMPORT = {
    "domain": {"numpy", "scipy"},
    "fhir": {"orjson", "numpy", "jsonpatch", "jsonpointer"},
    "feeds": {"orjson", "numpy", "python_calamine", "yaml", "cryptography"},
    "synthetic": {"numpy", "scipy", "orjson"},
}
# Django belongs to the apps, web, command line and configuration alone.
NO_DJANGO = ("domain", "fhir", "feeds", "lake", "charts", "synthetic")


def app_of(module: str) -> str | None:
    """The app a module belongs to, or None outside the apps."""
    return module.removeprefix(APPS).split(".")[0] if module.startswith(APPS) else None


def around_the_api(graph: ImportGraph) -> list[str]:
    """Imports that reach into an app other than through its ``api`` module."""
    found = []
    for imported in sorted(graph.modules):
        app = app_of(imported)
        if app is None or imported in {f"{APPS}{app}", f"{APPS}{app}.api"}:
            continue
        found += [
            f"{importer} imports {imported}; use {APPS}{app}.api"
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if app_of(importer) != app
        ]
    return found


def views_importing_models(graph: ImportGraph) -> list[str]:
    """Views that import a models module directly."""
    return [
        f"{importer} imports {imported}; read through selectors, write through actions"
        for imported in sorted(graph.modules)
        if imported.startswith(APPS) and imported.endswith(".models")
        for importer in sorted(graph.find_modules_that_directly_import(imported))
        if importer.rsplit(".", 1)[-1].startswith("views") or ".rest." in importer
    ]


def impure_imports(source: Path) -> list[str]:
    """Third-party imports a pure room may not have; ``source`` is the folder of the package."""
    found = []
    for room in sorted(set(NO_DJANGO) | set(MAY_IMPORT)):
        for path in sorted((source / room).rglob("*.py")):
            for name in imported_names(path):
                top = name.split(".")[0]
                if top in {"commonweal", "__future__"} or top in sys.stdlib_module_names:
                    continue
                allowed = MAY_IMPORT.get(room)
                if top == "django" or (allowed is not None and top not in allowed):
                    found.append(f"{path.relative_to(source)} imports {name}")
    return found


def imported_names(path: Path) -> list[str]:
    """Every module name a file imports absolutely, wherever in the file the import stands."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names
