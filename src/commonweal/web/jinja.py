"""Django's Jinja2 engine, set up for the NHS.UK macros and for templates kept in ``templates/``."""

from typing import Any

from django.template.backends.jinja2 import Jinja2
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader

from commonweal.web import faults, formats


class Templates(Jinja2):
    """Jinja2 templates in each app's ``templates`` folder (Django's default name is ``jinja2``)."""

    app_dirname = "templates"


def environment(**options: Any) -> Environment:
    """The environment Django asks for: its loader first, then the NHS.UK component macros."""
    options["loader"] = ChoiceLoader([options["loader"], PackageLoader("nhsuk_frontend_jinja")])
    options["undefined"] = ChainableUndefined  # the macros chain through missing parameters
    options["trim_blocks"] = options["lstrip_blocks"] = True
    options["autoescape"] = True
    env = Environment(**options)  # noqa: S701 - switched on the line above
    env.filters.update(
        by_field=faults.by_field,
        day=formats.day,
        moment=formats.moment,
        nhs_number=formats.nhs_number,
        thousands=formats.thousands,
    )
    env.globals.update(static=static, url=reverse)
    return env
