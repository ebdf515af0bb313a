"""Signing in by another service: there, and back; and its word that somebody has signed out there."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from commonweal.apps.access import sign_in
from commonweal.apps.access.bindings import bound
from commonweal.apps.access.providers import Provider, providers, signed_out
from commonweal.apps.access.providers.flow import SignInFailed, begin, finish, judge
from commonweal.apps.access.sign_in import Next, TooManyAttempts
from commonweal.apps.access.signed import BadToken, NotFetched


@never_cache
@require_GET
def away(request: HttpRequest, provider: str) -> HttpResponse:
    """Send the browser to the service. A link, not a form: the content policy lets forms reach this site only."""
    known = providers().get(provider)
    if known is None:
        return render(request, "404.html", status=404)
    sign_in.forget_half(request)
    try:
        return HttpResponseRedirect(begin(request, known, _back(request, known), sign_in.onward(request)))
    except NotFetched:
        return _refused(request, f"{known.name} cannot be reached now. Try again, or sign in another way.", 503)


@never_cache
@require_GET
def back(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the service sends the browser back to."""
    known = providers().get(provider)
    if known is None:
        return render(request, "404.html", status=404)
    who = f"{known.id} unknown"
    try:
        sign_in.guard(request, who)
        said, onward = finish(request, known, _back(request, known))
        user = bound(known.issuer, str(said["sub"]))
        if user is None:
            raise SignInFailed(
                f"{known.name} knows you, and no account here is bound to you yet. "
                f"Ask your administrator to bind the reference {str(said['sub'])[:255]}.",
                "not bound",
            )
        who = user.username
        judge(known, user, said)
    except TooManyAttempts:
        return _refused(request, "Too many attempts. Wait 15 minutes and try again", 429)
    except SignInFailed as error:
        sign_in.failed(request, "" if who.endswith(" unknown") else who, f"{known.id}: {error.reason}")
        return _refused(request, str(error), 403)
    left = Next.NOTHING if known.two_factors else sign_in.left_to_do(user)
    if left is not Next.NOTHING:
        sign_in.hold(request, user, onward)
        return HttpResponseRedirect("/sign-in/second" if left is Next.FACTOR else "/sign-in/enrol")
    sign_in.complete(request, user, known.name)
    signed_out.remember(request.session.session_key or "", known, said)
    return HttpResponseRedirect(onward)


@csrf_exempt  # who asks is shown by a token the service has signed
@never_cache
@require_POST
def out(request: HttpRequest, provider: str) -> HttpResponse:
    """The service's word that somebody has signed out there (back-channel logout)."""
    known = providers().get(provider)
    if known is None:
        return JsonResponse({"error": "invalid_request"}, status=404)
    try:
        sign_in.guard(request, f"{known.id} unknown")
        signed_out.sign_out(known, request.POST.get("logout_token", ""))
    except TooManyAttempts:
        return JsonResponse({"error": "invalid_request"}, status=429)
    except BadToken as error:
        sign_in.failed(request, "", f"{known.id}: logout token: {error}"[:300])
        return JsonResponse({"error": "invalid_request", "error_description": str(error)}, status=400)
    except NotFetched:
        return JsonResponse({"error": "temporarily_unavailable"}, status=503)
    return HttpResponse(status=200, headers={"Cache-Control": "no-store"})


def _back(request: HttpRequest, provider: Provider) -> str:
    return request.build_absolute_uri(reverse("sign_in_back", args=[provider.id]))


def _refused(request: HttpRequest, problem: str, status: int) -> HttpResponse:
    return render(request, "access/not_signed_in.jinja", {"problem": problem}, status=status)
