"""The register pages: released counts only, for roles that work with counts."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.population.breakdown import LENSES, breakdown, footprints
from commonweal.apps.population.breakdown import registers as all_registers
from commonweal.apps.population.forms import Ask
from commonweal.domain.population.declarations import declaration


def _pass(request: HttpRequest, target: str) -> None:
    """Ask the gate for aggregates. Raises ``access.Refused``."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read register", target) as session:
        session.require(access.Action.READ_AGGREGATE)


@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """Every register, what it counts in English, and its figure for the whole system."""
    _pass(request, "all")
    return render(request, "population/registers.jinja", {"registers": all_registers()})


@require_safe
def register(request: HttpRequest, name: str) -> HttpResponse:
    """One register by network, deprivation, ethnicity, age or sex, in a footprint."""
    try:
        declared = declaration(name)
    except KeyError as unknown:
        raise Http404 from unknown
    _pass(request, name)
    lens, footprint = Ask(request.GET).chosen()
    page = {
        "name": name,
        "title": declared.title,
        "lenses": list(LENSES.items()),
        "footprints": footprints(),
        "lens": lens,
        "footprint": footprint,
        "shown": breakdown(name, lens, footprint) if footprint else None,
    }
    return render(request, "population/register.jinja", page)
