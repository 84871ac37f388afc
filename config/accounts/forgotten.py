"""The page “Forgotten password”: a link by mail to whoever has an account with the address that is typed.

Everybody gets the same page after the same time: the address is looked up and the mail sent by a thread of its own.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import PasswordResetForm
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.accounts.mails import later
from study.management.commands.add_researcher import password_link
from study.models.log import record
from study.published_heads.places import mail_is_sent
from study.survey import networks

# Mails to one address within an hour, and requests from one network within ten minutes; in each web process.
MAILS_TO_ONE, MAIL_SECONDS = 3, 3600
REQUESTS, REQUEST_SECONDS = 20, 600


class ForgottenPasswordForm(PasswordResetForm):
    """The address of the account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = gettext_lazy("Mail address of your account")

    def get_users(self, email: str) -> Iterator[Any]:
        """Return the active accounts with the address, also those that have set no password yet.

        The mail goes to the address that an account has, not to the one that was typed.
        """
        yield from get_user_model().objects.filter(email__iexact=email, is_active=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Ask for the address, and say that a mail is sent if an account has it."""
    form = ForgottenPasswordForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "mail": mail_is_sent()}
    if request.method != "POST" or not mail_is_sent() or not form.is_valid():
        return render(request, "console/forgotten_password.html", context, status=422 if form.errors else 200)
    asked, _seconds = networks.count("passwords", networks.network_of(request), REQUEST_SECONDS)
    if asked > REQUESTS:
        response = render(request, "console/forgotten_password.html", context | {"slow": True}, status=429)
        response["Retry-After"] = str(REQUEST_SECONDS)
        return response
    address, language = form.cleaned_data["email"], translation.get_language() or settings.LANGUAGE_CODE
    to_one, _seconds = networks.count("passwords-of", address.casefold(), MAIL_SECONDS)
    if to_one <= MAILS_TO_ONE:
        later(lambda: send_links(address, language))
    return render(request, "console/forgotten_password.html", context | {"sent": True})


def send_links(address: str, language: str) -> None:
    """Mail a link to each account with the address: it sets a password once, and ends all sign-ins."""
    with translation.override(language):
        for user in ForgottenPasswordForm().get_users(address):
            text = _(
                "Somebody asked for a new password of the account “%(name)s” in Earsight. This link sets one, once and "
                "within %(days)d days:\n\n"
                "%(link)s\n\n"
                "If it was not you, do nothing: the password stays as it is."
            ) % {
                "name": user.get_username(),
                "link": password_link(user),
                "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
            }
            EmailMessage(_("Set a new password"), text + "\n", None, [user.email]).send()
            record(None, "password link sent", account=user.get_username())
