"""OAuth for apps: a token for an assertion, a code or a refresh token; and its end (SMART App Launch 2.2.0)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from commonweal.apps.access import app_grants, app_tokens, client_apps
from commonweal.apps.access.app_tokens import ASSERTION, Given, TokenRefused
from commonweal.apps.access.client_apps import ClientApp


def endpoint(request: HttpRequest, name: str) -> str:
    """The absolute address of an OAuth endpoint of this site."""
    return request.build_absolute_uri(f"/oauth/{name}")


def _oauth(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refusals as RFC 6749, section 5.2, has them."""

    @csrf_exempt  # who asks is shown by an assertion, a code or a token in the body, which no other site has
    @require_POST
    def checked(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except TokenRefused as error:
            status = 401 if error.code == "invalid_client" else 400
            return JsonResponse({"error": error.code, "error_description": str(error)}, status=status)

    return checked


@_oauth
def token(request: HttpRequest) -> HttpResponse:
    """A token for a system app's assertion, for a person's app's code, or for its refresh token."""
    form = request.POST
    kind = form.get("grant_type", "")
    if kind == "client_credentials":
        if form.get("client_assertion_type") != ASSERTION:
            raise TokenRefused("invalid_client", "Show who you are by a signed assertion (private_key_jwt).")
        app = app_tokens.authenticated(form.get("client_assertion", ""), endpoint(request, "token"))
        return _given(app_tokens.for_system(app, form.get("scope", "")))
    if kind == "authorization_code":
        app = _person_app(request)
        redirect, verifier = form.get("redirect_uri", ""), form.get("code_verifier", "")
        return _given(*app_grants.for_code(app, form.get("code", ""), redirect, verifier))
    if kind == "refresh_token":
        return _given(*app_grants.for_refresh(_person_app(request), form.get("refresh_token", "")))
    raise TokenRefused("unsupported_grant_type", "authorization_code, client_credentials or refresh_token")


def _person_app(request: HttpRequest) -> ClientApp:
    app = client_apps.find(request.POST.get("client_id", ""))
    if app is None or app.user_id is not None:
        raise TokenRefused("invalid_client", "No app of this client id stands for people.")
    return app


def _given(given: Given, refresh: str = "", patient: str = "") -> HttpResponse:
    said: dict[str, Any] = {
        "access_token": given.token,
        "token_type": "Bearer",
        "expires_in": given.seconds,
        "scope": " ".join(given.scopes),
        **({"refresh_token": refresh} if refresh else {}),
        **({"patient": patient} if patient else {}),
    }
    return JsonResponse(said, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@_oauth
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token: https://www.rfc-editor.org/rfc/rfc7009. Who holds it may end it; an unknown one is no error."""
    app_tokens.revoke(request.POST.get("token", ""))
    return HttpResponse(status=200)
