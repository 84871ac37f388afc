"""The account page (password, address, and where else one is signed in), signing out, and setting a first password."""

from typing import Any

from axes.utils import reset
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.accounts.forms import AddressForm, ChangePasswordForm, EndSignInsForm
from config.accounts.mails import tell
from config.accounts.own_work import own_work
from config.accounts.second_factor.devices import end_waiting, second_factor_of
from config.accounts.sessions import end_sign_ins, open_sign_ins
from study.console.forms.versions import Editing
from study.models.log import record


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show the account; change its password and address; end its sign-ins in other browsers."""
    others = open_sign_ins(request.user, but=request.session.session_key)
    is_password = request.method == "POST" and "old_password" in request.POST
    is_address = request.method == "POST" and "email" in request.POST
    is_ending = request.method == "POST" and not is_password and not is_address
    password = ChangePasswordForm(request, request.POST if is_password else None)
    ending = EndSignInsForm(request, others, request.POST if is_ending else None)
    address = AddressForm(request, request.POST if is_address else None)
    address.editing = Editing(request.user)
    if is_address and address.is_valid():
        _save_address(address)
        messages.success(request, _("Saved."))
        return redirect("account")
    if is_password and password.is_valid():
        _change_password(request, password)
        return redirect("account")
    if is_ending and ending.is_valid():
        ended = end_sign_ins(request.user, codes=ending.cleaned_data["sign_ins"], but=request.session.session_key)
        record(None, "sign-ins ended", actor=request.user, account=request.user.get_username(), count=ended)
        messages.success(
            request, ngettext("%(count)d sign-in ended.", "%(count)d sign-ins ended.", ended) % {"count": ended}
        )
        return redirect("account")
    context = own_work(request.user) | {
        "password_form": password,
        "address_form": address,
        "ending_form": ending,
        "second_factor": second_factor_of(request.user),
        "others": others,
        "idle_hours": f"{settings.SESSION_IDLE_SECONDS / 3600:g}",
        "life_days": f"{settings.SESSION_LIFE_SECONDS / 86_400:g}",
    }
    return render(request, "console/account.html", context, status=422 if request.method == "POST" else 200)


def _save_address(form: AddressForm) -> None:
    """Store the full name and the address, and tell the address of before, which may be its owner's only sign."""
    before = get_user_model().objects.values_list("email", flat=True).get(pk=form.instance.pk)
    form.save()
    if before and before != form.instance.email:
        tell(
            form.instance,
            _("Mails of the account %(name)s go to another address from now on, and no longer to this one."),
            address=before,
        )


def _change_password(request: HttpRequest, form: ChangePasswordForm) -> None:
    """Store the new password, keep this sign-in under a new key, and end all others."""
    has_tokens = form.user.api_tokens.exists()
    form.save()
    update_session_auth_hash(request, form.user)
    end_sign_ins(form.user, but=request.session.session_key)
    messages.success(request, _("The password is changed. You are signed out in all other browsers."))
    if has_tokens:
        messages.info(request, _("The tokens of your scripts have ended with the old password. Make new ones."))


class SignOutView(LogoutView):
    """End the session, and have the browser forget the pages that it has kept."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        # Not its storage: answers of a preview that wait for the network are kept there.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


class SetPasswordView(PasswordResetConfirmView):
    """Set a password by the link that was mailed, or that `add_researcher` printed.

    The link's token goes into the session and out of the address at once; it works once and for three days.
    """

    template_name = "console/set_password.html"
    success_url = reverse_lazy("sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        reset(username=form.user.get_username())  # who has a new password need not wait for the lock of wrong ones
        end_waiting(form.user)
        messages.success(self.request, _("Your password is set."))
        return super().form_valid(form)
