"""What an app's scopes keep a request from, before anything is read: they narrow the gate's answer and never widen it.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
What reaches other types than it names (includes, chains, everything, exports) needs a scope over every type. What is
not known here is refused.
"""

from django.http import HttpRequest

from commonweal.apps.access import api as access

_LETTERS = {"read": "r", "vread": "r", "history": "r", "search": "s", "create": "c", "update": "u", "patch": "u"}
_LETTERS |= {"delete": "d"}
_BUNDLES = ("batch", "transaction")
_ABOUT_NOBODY = ("expand", "validate-code", "lookup", "subsumes", "validate")


def needed(request: HttpRequest, action: str, target: str) -> list[tuple[str, str]] | None:
    """(type, letters) each of which an app must have been granted; None: no scope allows it."""
    room, _, name = action.partition(".")
    kind = target.partition("?")[0] or access.EVERY
    if room == "bulk":
        return [(access.EVERY, "cruds" if "import" in target or name == "upload" else "rs")]
    if room != "fhir":
        return None
    if name in _ABOUT_NOBODY:
        return []
    if name == "everything":
        return [(access.EVERY, "rs")]
    if name in _BUNDLES:
        return [(one.strip(), "cruds") for one in target.split(",")] if target else [(access.EVERY, "cruds")]
    if name not in _LETTERS:
        return None
    wanted = [(kind, _LETTERS[name])]
    names = [*request.GET, *(request.POST if name == "search" and request.method == "POST" else ())]
    if any(_reaches(one) for one in names):
        wanted.append((access.EVERY, "rs"))
    if name in ("create", "update", "patch", "delete") and (names or "HTTP_IF_NONE_EXIST" in request.META):
        wanted.append((kind, "s"))  # a conditional write says whether there is such a one
    return wanted


def _reaches(name: str) -> bool:
    """Whether a parameter looks at, or brings, resources of other types."""
    return "." in name or name.startswith(("_has", "_include", "_revinclude", "_contained", "_filter", "_query"))


def hold(request: HttpRequest, actor: access.Actor, purpose: access.Purpose, action: str, target: str) -> None:
    """Nothing for an account itself; for an app of its, what it was let do.

    Raises:
        Refused: the app's scopes do not reach so far. Audited.
    """
    app = actor.app
    if app is None:
        return
    wanted = needed(request, action, target)
    if wanted is None or not all(app.allows(kind, letters) for kind, letters in wanted):
        with access.session(actor, purpose, action, f"{target} by app {app.client}"):
            raise access.Refused(access.RefusedKind.NOT_PERMITTED, "The app was not let do this: see its scopes.")
