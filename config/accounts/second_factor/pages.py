"""The page of the second factor: set it up, make new recovery codes, use another phone, switch it off."""

import base64
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from config.accounts.forms import OwnPasswordForm
from config.accounts.second_factor import devices
from config.accounts.second_factor.forms import SetUpForm
from config.accounts.second_factor.required import is_required
from config.accounts.second_factor.sign_in import PASSED

# The key of an app that is being set up. It stays the same when the page is loaded again: the phone has it already.
_KEY = "second_factor_key"


@sensitive_post_parameters()
@sensitive_variables("codes", "key")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the second factor and change it; `?new` sets up another phone."""
    found = devices.second_factor_of(request.user)
    if found is None or "new" in request.GET:
        return _set_up(request, is_new=found is None)
    renewing = OwnPasswordForm(request, request.POST if "renew" in request.POST else None, prefix="renew")
    ending = OwnPasswordForm(request, request.POST if "end" in request.POST else None, prefix="end")
    if renewing.is_bound and renewing.is_valid():
        return _show_codes(request, devices.renew_recovery_codes(request.user))
    if ending.is_bound and not is_required() and ending.is_valid():
        devices.switch_off(request.user)
        request.session.pop(PASSED, None)
        messages.success(request, _("The second factor is switched off. Your password alone signs you in."))
        return redirect("account")
    context = {
        "second_factor": found,
        "renewing_form": renewing,
        "ending_form": ending,
        "is_required": is_required(),
    }
    return render(
        request, "console/second_factor.html", context, status=422 if renewing.errors or ending.errors else 200
    )


def _set_up(request: HttpRequest, *, is_new: bool) -> HttpResponse:
    key = request.session.setdefault(_KEY, devices.new_key())
    form = SetUpForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = devices.switch_on(request.user, key, form.cleaned_data["code"], but=request.session.session_key)
        except devices.WrongCode as error:
            form.add_error("code", str(error))
        else:
            del request.session[_KEY]
            request.session[PASSED] = True
            request.session.cycle_key()
            return _show_codes(request, codes)
    return render(
        request,
        "console/second_factor_set_up.html",
        {
            "form": form,
            "qr": segno.make(_address(request.user, key), error="m").svg_data_uri(
                scale=6, border=2, dark="#000", light="#fff"
            ),
            "key": _in_groups(key),
            "is_new": is_new,
            "must": is_required() and is_new,
        },
        status=422 if form.errors else 200,
    )


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show new recovery codes, this once: their digests alone are stored."""
    return render(
        request,
        "console/recovery_codes.html",
        {"codes": codes, "text": "\n".join(codes), "name": request.user.get_username(), "site": settings.BASE_URL},
    )


def _address(user: Any, key: str) -> str:
    return str(devices.app_of(user, key).config_url)


def _in_groups(key: str) -> str:
    """The key as people type it into an app: base 32, in groups of four."""
    letters = base64.b32encode(bytes.fromhex(key)).decode()
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))
