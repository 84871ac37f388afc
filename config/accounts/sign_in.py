"""The sign-in page of the console."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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
    """Sign in by name and password."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm
