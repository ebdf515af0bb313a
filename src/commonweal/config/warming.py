"""Done by a process that answers requests before it takes the first: what would else make whoever comes first wait.

Importing every view (SciPy is among what they need) takes seconds on a busy machine, and a worker that was started anew
after another died would take them from somebody who waits for a record. Nothing here asks the database.
"""

import gc
from importlib import import_module

from django.conf import settings
from django.template import engines
from django.template.loader import get_template
from django.urls import get_resolver

from commonweal.apps.access import api as access
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search_parameters import edition, indexed, parameters

_FIRST_ASKED = ("Patient", "Observation", "Condition", "MedicationRequest", "AllergyIntolerance", "Encounter")


def warm() -> None:
    """Import the views, read the definitions, parse the policies, compile the base page; then freeze it all."""
    import_module(settings.ROOT_URLCONF)
    get_resolver()._populate()  # what the first address looked up or written would do
    access.warm_policies(settings.COMMONWEAL_NOW().date())
    resource_types()
    edition()
    for kind in _FIRST_ASKED:
        parameters(kind)
        indexed(kind)
    engines.all()
    get_template("base.jinja")
    gc.collect()
    gc.freeze()  # what is loaded by now stays: to walk it at each full collection would hold up whoever asks then
