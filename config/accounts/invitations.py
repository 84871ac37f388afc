"""The page of an invitation's link: join the study with one's account, or make one."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.accounts.guesses import refuse_guess
from study.errors import StudyError
from study.models import Invitation
from study.setup.invitations import accept_invitation, invitation_of


class NewAccountForm(UserCreationForm):
    """The name and, twice, the password of a new account."""

    class Meta(UserCreationForm.Meta):
        labels = {"username": gettext_lazy("Name to sign in with")}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; join as who is signed in, or with a new account."""
    found = invitation_of(token)
    if found is None:
        return refuse_guess(request)
    makes_account = not request.user.is_authenticated and settings.INVITED_MAKE_ACCOUNTS
    posted = request.POST if request.method == "POST" and makes_account else None
    form = NewAccountForm(posted, instance=_new_account(found)) if makes_account else None
    if request.method == "POST":
        try:
            if request.user.is_authenticated:
                accept_invitation(found, request.user)
                return redirect(found.study)
            if form is not None and form.is_valid():
                _join_with_new_account(request, found, form)
                return redirect(found.study)
        except StudyError as error:
            messages.error(request, str(error))
            return redirect("study_list")
    context = {"invitation": found, "form": form}
    return render(request, "console/invitation.html", context, status=422 if form is not None and form.errors else 200)


def _new_account(found: Invitation) -> Any:
    return NewAccountForm.Meta.model(email=found.address)


def _join_with_new_account(request: HttpRequest, found: Invitation, form: NewAccountForm) -> None:
    """Make the account and accept: both or neither; then sign in."""
    with transaction.atomic():
        user = form.save()
        accept_invitation(found, user)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, _("Your account is made, and you are signed in."))
