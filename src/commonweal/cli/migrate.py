"""Bring the database to this version's tables, as the owner role: ``python -m commonweal.cli.migrate``."""

from commonweal.cli import runtime


def migrate() -> None:
    """Run every pending migration."""
    runtime.start("owner")
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


if __name__ == "__main__":
    migrate()
