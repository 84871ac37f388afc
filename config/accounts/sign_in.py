"""The sign-in page of the console."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _

from config.accounts.second_factor import devices
from config.accounts.second_factor.sign_in import ask_for_code

# The longest name of an account (Django's User model). A longer one is nobody's.
LONGEST_NAME = 150


class SignInForm(AuthenticationForm):
    """Django's form, which states the longest name but takes longer ones."""

    def clean(self) -> dict[str, Any]:
        # After the field's normalisation, which can make a name longer.
        if len(self.cleaned_data.get("username") or "") > LONGEST_NAME:
            raise ValidationError(
                _("No account has a name of more than %(n)d letters. Look whether something else was pasted there.")
                % {"n": LONGEST_NAME}
            )
        return super().clean()


class SignInView(LoginView):
    """Sign in by name and password; who has a second factor is asked for its code before being signed in."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if devices.is_on(user):
            return ask_for_code(self.request, user, self.get_success_url())
        return super().form_valid(form)
