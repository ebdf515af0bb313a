"""The rooms import only what the design allows, and each rule turns red when broken."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grimp
import pytest

from tests.architecture import imports

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "commonweal"


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("commonweal", cache_dir=None)


def test_an_app_is_used_only_through_its_api(graph: grimp.ImportGraph) -> None:
    assert imports.around_the_api(graph) == []


def test_views_do_not_import_models(graph: grimp.ImportGraph) -> None:
    assert imports.views_importing_models(graph) == []


def test_pure_rooms_import_only_what_they_may() -> None:
    assert imports.impure_imports(SOURCE) == []


def test_contracts_have_no_exceptions() -> None:
    config = (ROOT / "pyproject.toml").read_text()
    assert "ignore_imports" not in config


def run_linter(root: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """The named contract of ``root``'s pyproject.toml, checked on ``root``'s own source."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--contract", contract],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project in which a test may plant a violation."""
    shutil.copytree(SOURCE, tmp_path / "src" / "commonweal", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def plant(root: Path, module: str, statement: str) -> None:
    """Add an import statement to the named module of the copy."""
    path = root / "src" / Path(*module.split(".")).with_suffix(".py")
    if not path.exists():
        path = root / "src" / Path(*module.split(".")) / "__init__.py"
    path.write_text(path.read_text() + f"\n{statement}\n")


@pytest.mark.parametrize(
    ("contract", "module", "statement"),
    [
        ("layers", "commonweal.domain", "import commonweal.fhir"),
        ("layers", "commonweal.feeds", "import commonweal.lake"),
        ("layers", "commonweal.apps.record.api", "import commonweal.cli.main"),
        ("apps", "commonweal.apps.places.api", "import commonweal.apps.measurement.api"),
        ("apps", "commonweal.apps.access.api", "import commonweal.apps.identity.api"),
        ("apps", "commonweal.apps.record.api", "import commonweal.apps.exchange.api"),
    ],
)
def test_a_planted_violation_breaks_its_contract(copy: Path, contract: str, module: str, statement: str) -> None:
    assert run_linter(copy, contract).returncode == 0
    plant(copy, module, statement)
    result = run_linter(copy, contract)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


def test_an_unlisted_room_breaks_the_layers(copy: Path) -> None:
    (copy / "src" / "commonweal" / "misc").mkdir()
    (copy / "src" / "commonweal" / "misc" / "__init__.py").write_text("")
    assert run_linter(copy, "layers").returncode == 1


def test_an_unlisted_app_breaks_the_layers(copy: Path) -> None:
    (copy / "src" / "commonweal" / "apps" / "core").mkdir()
    (copy / "src" / "commonweal" / "apps" / "core" / "__init__.py").write_text("")
    assert run_linter(copy, "apps").returncode == 1


GRAPH_RULES: list[tuple[Callable[[grimp.ImportGraph], list[str]], str, str]] = [
    (imports.around_the_api, "commonweal.apps.record.actions", "commonweal.apps.access.models"),
    (imports.around_the_api, "commonweal.cli.land", "commonweal.apps.exchange.actions"),
    (imports.views_importing_models, "commonweal.apps.record.views", "commonweal.apps.record.models"),
]


@pytest.mark.parametrize(("rule", "importer", "imported"), GRAPH_RULES)
def test_a_planted_import_is_found(
    rule: Callable[[grimp.ImportGraph], list[str]], importer: str, imported: str
) -> None:
    planted = grimp.ImportGraph()
    planted.add_module(importer)
    planted.add_module(imported)
    assert rule(planted) == []
    planted.add_import(importer=importer, imported=imported)
    assert [line for line in rule(planted) if line.startswith(f"{importer} imports {imported}")]


@pytest.mark.parametrize(
    ("room", "statement"),
    [("domain", "import orjson"), ("feeds", "from django.db import models"), ("lake", "import django")],
)
def test_a_planted_third_party_import_is_found(tmp_path: Path, room: str, statement: str) -> None:
    (tmp_path / room).mkdir()
    planted = tmp_path / room / "planted.py"
    planted.write_text("import json\n")
    assert imports.impure_imports(tmp_path) == []
    planted.write_text(f"def f():\n    {statement}\n")
    assert len(imports.impure_imports(tmp_path)) == 1
