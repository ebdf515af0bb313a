"""The keys of a project's pseudonyms: one a period, random, kept enciphered; read by the batch role alone.

Enciphered (AES-GCM, key in ``keys/projects``) with project and period bound in: a row moved to another project or
period opens nothing. A new period is a new key, which no former key tells anything of.
"""

import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection

from commonweal.domain.population.projects import ProjectError


def new_period(project_id: int) -> int:
    """Give the project a fresh key, in the caller's transaction. The number of its period, from 1."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM population_project WHERE id = %s FOR UPDATE", [project_id])
        cursor.execute(
            "SELECT coalesce(max(period), 0) + 1 FROM population_project_key WHERE project_id = %s", [project_id]
        )
        period = int(cursor.fetchone()[0])
        cursor.execute(
            "INSERT INTO population_project_key (project_id, period, sealed, since) VALUES (%s, %s, %s, %s)",
            [project_id, period, _sealed(secrets.token_bytes(32), project_id, period), settings.COMMONWEAL_NOW()],
        )
    return period


def periods(project_id: int) -> list[int]:
    """The project's periods so far, oldest first; none before its first extract."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT period FROM population_project_key WHERE project_id = %s ORDER BY period", [project_id])
        return [row[0] for row in cursor.fetchall()]


def key(project_id: int, period: int) -> bytes:
    """The key of a period, 32 bytes.

    Raises:
        ProjectError: there is none, or it was enciphered for another project, period or installation.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sealed FROM population_project_key WHERE project_id = %s AND period = %s", [project_id, period]
        )
        row = cursor.fetchone()
    if row is None:
        raise ProjectError(f"This project has no period {period}.")
    kept = bytes(row[0])
    try:
        return _cipher().decrypt(kept[:12], kept[12:], _bound(project_id, period))
    except InvalidTag:
        raise ProjectError(
            "The project's key cannot be read: it is another project's or another installation's."
        ) from None


def _sealed(secret: bytes, project_id: int, period: int) -> bytes:
    nonce = os.urandom(12)
    return nonce + _cipher().encrypt(nonce, secret, _bound(project_id, period))


def _cipher() -> AESGCM:
    return AESGCM(bytes.fromhex(settings.COMMONWEAL_PROJECT_KEY))


def _bound(project_id: int, period: int) -> bytes:
    return f"project {project_id} period {period}".encode()
