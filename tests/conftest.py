"""Fixtures every kind of test shares.

Unit, spec, generative and architecture tests need none of these. Integration tests ask for ``database``:
an embedded PostgreSQL shared by the run, with a migrated template cloned for each test module, and the
connection made in the role the test names (``app`` unless it uses ``as_batch``).
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No timed tests: a busy machine is no fault of what is tested. The same examples each run, so that a failure is the
# change's own; `make crash` looks for new ones (COMMONWEAL_NEW_EXAMPLES).
NEW_EXAMPLES = bool(os.environ.get("COMMONWEAL_NEW_EXAMPLES"))
settings.register_profile(
    "commonweal", deadline=None, derandomize=not NEW_EXAMPLES, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("commonweal")

TEST_DATA = Path(os.environ.get("COMMONWEAL_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of long tests first, or one process would be left with them when the other has done all else."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of third-party test data; tests that need it are skipped where it is absent."""
    if not TEST_DATA.is_dir():
        pytest.skip(f"third-party test data is not at {TEST_DATA}; set COMMONWEAL_TEST_DATA to run this test")
    return TEST_DATA


@pytest.fixture(scope="session")
def home() -> Path:
    """A fresh COMMONWEAL_HOME with Django set up on it, migrated once for the run."""
    path = Path(tempfile.mkdtemp(prefix="commonweal-test-"))
    # Registered before the server's own stop, so it runs after it.
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    os.environ["COMMONWEAL_HOME"] = str(path)
    os.environ["COMMONWEAL_DB_NAME"] = "commonweal"
    from commonweal.cli import runtime

    runtime.start("batch")
    from django.contrib.auth.hashers import ScryptPasswordHasher
    from django.db import connections

    ScryptPasswordHasher.work_factor = 2**4  # slow on purpose, which no test is about
    _everybody_shares()
    connections.close_all()
    return path


def _everybody_shares() -> None:
    """One sharing agreement between everybody, for care: a test that is about agreements takes it away."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_agreement (reference, version, title, gives, receives, categories, purposes, starts, "
            "ends, review, dpia, controller, basis, confidentiality, state, proposed_by, proposed_at, decided_by, "
            "decided_at, from_at, to_at) VALUES ('TEST', 1, 'Everybody', '{*}', '{*}', "
            "'{demographics,clinical,medication,mental_health,social_care}', '{direct_care,safeguarding}', "
            "'2000-01-01', '2100-01-01', '2099-01-01', 'x', 'x', 'x', 'x', 'approved', 'user:one', now(), 'user:two', "
            "now(), '2000-01-01', '2100-01-01')"
        )


@pytest.fixture(scope="module")
def database(home: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this module's own, cloned from the migrated template, in the batch role.

    The module has a home folder of its own too, so that no lake, landed file or key outlives it.
    """
    import psycopg
    from django.conf import settings
    from django.db import connections
    from psycopg import sql

    from commonweal.domain.access.vocabulary import Role

    default = settings.DATABASES["default"]
    name = "t_" + request.module.__name__.rsplit(".", 1)[-1][:50]
    connections.close_all()
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, user="postgres", dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE commonweal OWNER commonweal_owner").format(sql.Identifier(name))
        )
    before = dict(default)
    _point_at(name, "commonweal_batch")
    settings.COMMONWEAL_HOME = home / "modules" / name
    settings.COMMONWEAL_HOME.mkdir(parents=True)
    # A password alone signs in, but where the second factor is what is tested.
    offered = [f"2015-04-01,{role},offered" for role in Role]
    (settings.COMMONWEAL_HOME / "second_factor.csv").write_text("\n".join(["from,role,second_factor", *offered]))
    yield name
    settings.COMMONWEAL_HOME = home
    _point_at(before["NAME"], before["USER"])


def _point_at(name: str, role: str) -> None:
    """Send Django's default connection to database ``name`` as ``role``."""
    from django.db import connections

    from commonweal.config.database import password_of

    connections.close_all()
    connections["default"].settings_dict.update(NAME=name, USER=role, PASSWORD=password_of(_secret(), role))


def _secret() -> str:
    """The secret that the roles' passwords are made of, in the home the run began with."""
    from commonweal.cli.home import secret

    return secret(Path(os.environ["COMMONWEAL_HOME"]), "database")


@pytest.fixture
def as_app(database: str) -> Iterator[None]:
    """Inside the test, the default connection is the unprivileged role that serves people."""
    _point_at(database, "commonweal_app")
    yield
    _point_at(database, "commonweal_batch")
