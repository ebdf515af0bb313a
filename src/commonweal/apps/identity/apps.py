from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Identity: demographics per compartment, people, and how sure each link is."""

    name = "commonweal.apps.identity"
    label = "identity"
