"""Sign-in by another service, with OpenID Connect: which services, from the home folder's ``sign-in.yaml``.

https://openid.net/specs/openid-connect-core-1_0.html. An account here is bound to the stable subject of the service by
an administrator; nobody is let in by an address, a name or any other claim that somebody can change or be given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from commonweal.apps.access.signed import ALGORITHMS, safe_address
from commonweal.domain.access.vocabulary import Role
from commonweal.domain.errors import CommonwealError

NAME = "sign-in.yaml"
METHODS = ("private_key_jwt", "client_secret_basic", "client_secret_post")


class BadProviders(CommonwealError):
    """The home folder's sign-in.yaml cannot be used: the message says which service and which line."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Where the service says which roles somebody holds, and what they are here.

    ``claim``: a list, of objects with ``role`` and ``organisation`` fields, or of words. ``means``: the last part of a
    role's code (after a colon) → role here. ``selected``: the claim that names the one chosen, by its ``id`` field.
    """

    claim: str
    means: Mapping[str, Role]
    role: str = ""
    organisation: str = ""
    id: str = ""
    selected: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One service. ``needs``: claim → the values one of which it must have. ``asks``: sent with each request.

    ``two_factors``: what it needs stands for two factors, so that none of ours is asked for.
    """

    id: str
    name: str
    issuer: str
    client_id: str
    method: str
    secret: str
    key_id: str = ""
    client_algorithm: str = "RS512"
    algorithms: tuple[str, ...] = ("RS256",)
    scopes: tuple[str, ...] = ("openid",)
    asks: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    two_factors: bool = False
    roles: Roles | None = None


def providers() -> dict[str, Provider]:
    """The configured services, in the order of the file; none where there is no file. Raises ``BadProviders``."""
    path = Path(settings.COMMONWEAL_HOME) / NAME
    try:
        found = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _written: int, _size: int) -> dict[str, Provider]:
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
        listed = stated["providers"]
        return {str(ident): _provider(path.parent, str(ident), dict(one)) for ident, one in listed.items()}
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise BadProviders(f"{NAME}: {error}") from error


def _provider(home: Path, ident: str, one: dict[str, Any]) -> Provider:
    """Raises ValueError and its like for what is missing, unknown or unsafe."""
    if not ident.isidentifier():
        raise ValueError(f"{ident!r}: a service is named by letters, digits and underscores")
    method, algorithms = one.pop("authentication"), tuple(one.pop("algorithms", ("RS256",)))
    issuer = one.pop("issuer")
    if method not in METHODS:
        raise ValueError(f"{ident}: authentication is one of {', '.join(METHODS)}")
    if not algorithms or not set(algorithms) <= ALGORITHMS:
        raise ValueError(f"{ident}: algorithms are among {', '.join(sorted(ALGORITHMS))}")
    if not safe_address(issuer):
        raise ValueError(f"{ident}: the issuer is an https address")
    roles = one.pop("roles", None)
    scopes = tuple(one.pop("scopes", ("openid",)))
    if "openid" not in scopes:
        raise ValueError(f"{ident}: scopes begin with openid")
    return Provider(
        id=ident,
        issuer=issuer,
        method=method,
        secret=(home / one.pop("secret_file")).read_text(encoding="utf-8").strip(),
        algorithms=algorithms,
        scopes=scopes,
        asks={str(name): str(value) for name, value in one.pop("asks", {}).items()},
        needs={str(name): tuple(map(str, values)) for name, values in one.pop("needs", {}).items()},
        roles=None if roles is None else _roles(dict(roles)),
        **one,
    )


def _roles(one: dict[str, Any]) -> Roles:
    return Roles(means={str(code): Role(name) for code, name in one.pop("means").items()}, **one)
