"""Forms of the second factor. A code that was looked at is used up or counted, so each is checked once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from config.accounts.forms import OwnPasswordForm
from config.accounts.second_factor import devices

# A longer text is no code; what people paste around one has room.
_LONGEST_CODE = 100


def _code_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Code"),
        max_length=_LONGEST_CODE,
        help_text=gettext_lazy("The six digits that the app on your phone shows now."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class SignInCodeForm(forms.Form):
    """A form with one code of a user. `was_wrong`: the code was looked at and is to be counted."""

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self._user = user
        self.was_wrong = False

    def focus(self) -> None:
        """Put the cursor into its field."""
        for field in self.fields.values():
            field.widget.attrs["autofocus"] = True

    def _use(self, name: str, use: Callable[[Any, str], None]) -> str:
        code: str = self.cleaned_data[name]
        try:
            use(self._user, code)
        except devices.WrongCode as error:
            self.was_wrong = error.was_looked_at
            raise ValidationError(str(error)) from error
        return code


class CodeForm(SignInCodeForm):
    """The code that the app shows."""

    code = _code_field()

    def clean_code(self) -> str:
        return self._use("code", devices.use_code)


class RecoveryCodeForm(SignInCodeForm):
    """One of the recovery codes."""

    recovery_code = forms.CharField(
        label=gettext_lazy("Recovery code"),
        max_length=_LONGEST_CODE,
        help_text=gettext_lazy("One of the codes that you kept when you set up the second factor. Each works once."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_recovery_code(self) -> str:
        return self._use("recovery_code", devices.use_recovery_code)


class SetUpForm(OwnPasswordForm):
    """The code of the new app, and the password."""

    code = _code_field()
    field_order = ("code", "password")
