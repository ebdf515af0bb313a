"""Accounts by name: which are open in a role, and who says a password at a terminal."""

from django.contrib.auth import authenticate

from commonweal.apps.access.actors import actor_for
from commonweal.apps.access.models import User
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Role


def open_accounts(role: Role) -> set[str]:
    """The user names of the open accounts of a role, in every organisation."""
    return set(User.objects.filter(role=role.value, is_active=True).values_list("username", flat=True))


def with_password(username: str, password: str, role: Role) -> Actor:
    """The open account of this role with this name and password. Raises ``ValueError`` for any other."""
    user = authenticate(None, username=username, password=password)
    if not isinstance(user, User) or user.role != role:
        raise ValueError(
            f"{username!r} and this password are not those of a {role.replace('_', ' ')}; ask one to do this"
        )
    return actor_for(user)
