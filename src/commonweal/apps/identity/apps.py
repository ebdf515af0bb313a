from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Identity: demographics per compartment, people, and how sure each link is."""

    name = "commonweal.apps.identity"
    label = "identity"

    def ready(self) -> None:
        """Tell access whom to ask for the birth date of a person whose record is open."""
        from commonweal.apps.access import api as access
        from commonweal.apps.identity.selectors import born_on

        access.ask_births(born_on)
