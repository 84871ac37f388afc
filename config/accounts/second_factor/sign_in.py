"""The step of a sign-in after the password. Until its code is right, nobody is signed in.

Who has given the right password is remembered in a session of its own, for ten minutes: it holds no sign-in, ends when
the password changes, and gets another key when the sign-in begins.
"""

import time
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_lockout_response
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from config.accounts.second_factor import devices
from config.accounts.second_factor.forms import CodeForm, RecoveryCodeForm, SignInCodeForm

PASSED = "second_factor"
"""The key of a session that began with a second factor."""
_WAITING = "after_password"
PATIENCE_SECONDS = 600
# So few recovery codes that the page advises to make new ones.
_FEW = 3


def ask_for_code(request: HttpRequest, user: Any, then: str) -> HttpResponse:
    """Remember that the user has given the right password, and lead to the page that asks for the code.

    Args:
        then: where the sign-in leads, an address of this site.
    """
    request.session.flush()  # another key than anybody knew before, and no earlier sign-in
    request.session[_WAITING] = {
        "user": user.pk,
        "backend": user.backend,
        "password": user.get_session_auth_hash(),
        "until": int(time.time()) + PATIENCE_SECONDS,
        "then": then,
    }
    request.session.set_expiry(PATIENCE_SECONDS)
    return redirect("sign_in_code")


def _who_waits(request: HttpRequest) -> Any:
    """The account whose password was right a short time ago in this browser; None if there is none."""
    waiting = request.session.get(_WAITING)
    if waiting is None or waiting["until"] < time.time():
        return None
    user: Any = get_user_model().objects.filter(pk=waiting["user"], is_active=True).first()
    if user is None or not constant_time_compare(waiting["password"], user.get_session_auth_hash()):
        return None
    return user


@sensitive_post_parameters()
@sensitive_variables("form", "recovery", "sent")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the app, or for a recovery code, and sign in."""
    user = _who_waits(request)
    if user is None:
        return redirect(f"{reverse('sign_in')}?late")
    counted = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, counted):
        return get_lockout_response(request, credentials=counted)
    by_recovery = "recovery_code" in request.POST
    form = CodeForm(user, None if by_recovery else request.POST or None)
    recovery = RecoveryCodeForm(user, request.POST if by_recovery else None)
    sent: SignInCodeForm = recovery if by_recovery else form
    sent.focus()
    if request.method == "POST":
        if sent.is_valid():
            return _sign_in(request, user, by_recovery=by_recovery)
        if sent.was_wrong:  # counted by name, as wrong passwords are
            user_login_failed.send(__name__, credentials=counted, request=request)
    return render(
        request,
        "console/sign_in_code.html",
        {"form": form, "recovery_form": recovery, "by_recovery": by_recovery},
        status=422 if request.method == "POST" else 200,
    )


def _sign_in(request: HttpRequest, user: Any, *, by_recovery: bool) -> HttpResponse:
    waiting = request.session.pop(_WAITING)
    request.session.set_expiry(None)
    login(request, user, backend=waiting["backend"])
    request.session[PASSED] = True
    if by_recovery:
        found = devices.second_factor_of(user)
        left = found.codes_left if found else 0
        messages.success(
            request,
            ngettext("%(n)s recovery code is left.", "%(n)s recovery codes are left.", left) % {"n": left},
        )
        if left <= _FEW:
            messages.warning(request, _("Make new recovery codes on your account's page."))
    return redirect(waiting["then"])
