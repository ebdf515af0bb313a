"""Signing in and out."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from commonweal.apps.access import app_grants
from commonweal.apps.access.actors import signed_in
from commonweal.apps.access.devices import devices, end
from commonweal.apps.access.forms import SignInForm
from commonweal.apps.access.providers import providers
from commonweal.apps.access.sign_in import (
    Next,
    TooManyAttempts,
    WrongPassword,
    check,
    complete,
    forget_half,
    hold,
    onward,
)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A wrong name and a wrong password get the same answer."""
    form = SignInForm(request.POST or None)
    status, problem = 200, ""
    if request.method == "GET":
        forget_half(request)
    else:
        status = 400
        if form.is_valid():
            try:
                user, left = check(request, form.cleaned_data["username"], form.cleaned_data["password"])
            except TooManyAttempts:
                status, problem = 429, "Too many attempts. Wait 15 minutes and try again"
            except WrongPassword:
                problem = "Enter a user name and password that match"
            else:
                if left is Next.NOTHING:
                    complete(request, user, "password")
                    return HttpResponseRedirect(onward(request))
                hold(request, user, onward(request))
                return HttpResponseRedirect("/sign-in/second" if left is Next.FACTOR else "/sign-in/enrol")
    context = {
        "problem": problem,
        "form": form,
        "username": request.POST.get("username", ""),
        "next": onward(request),
        "providers": providers().values(),
    }
    return render(request, "access/sign_in.jinja", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget the session, and end what it let apps do."""
    if request.user.is_authenticated and request.session.session_key:
        app_grants.end(signed_in(request), session_key=request.session.session_key)
    logout(request)
    return HttpResponseRedirect("/")


@require_http_methods(["GET", "POST"])
def places_signed_in(request: HttpRequest) -> HttpResponse:
    """Where the account is signed in. Sent back with a ``device``, or without one for all, it is signed out there."""
    user = signed_in(request)
    if request.method == "POST":
        grant = request.POST.get("grant", "")
        if grant.isdecimal():
            app_grants.end(user, int(grant[:18]))
            return HttpResponseRedirect(request.path)
        wanted = request.POST.get("device", "")
        if wanted and not wanted.isdecimal():
            return HttpResponseRedirect(request.path)
        end(user, int(wanted[:18]) if wanted else None)
        if not wanted:
            app_grants.end(user)
        return HttpResponseRedirect(request.path if wanted else "/sign-in")
    here = request.session.session_key or ""
    return render(request, "access/devices.jinja", {"devices": devices(user, here), "apps": app_grants.grants(user)})
