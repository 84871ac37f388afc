"""Forms of the account page. Those about signing in ask for the password again; wrong ones count as at the sign-in."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.accounts.sessions import SignIn
from study.console.forms.versions import KeptForm


def check_password(request: HttpRequest, password: str) -> str:
    """Return the password if it is the signed-in user's.

    Raises:
        ValidationError: it is not. Too many wrong ones lock the name, as at the sign-in.
    """
    name = request.user.get_username()
    if authenticate(request, username=name, password=password) != request.user:
        raise ValidationError(_("That is not your password. Nothing was changed."), code="password_incorrect")
    return password


class ChangePasswordForm(PasswordChangeForm):
    """The old password, and twice the new one."""

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        user: Any = request.user  # signed in: the page requires it
        super().__init__(user, data)
        self._request = request
        # A page with two forms: the cursor belongs into neither.
        self.fields["old_password"].widget.attrs.pop("autofocus", None)

    def clean_old_password(self) -> str:
        return check_password(self._request, self.cleaned_data["old_password"])


class OwnPasswordForm(forms.Form):
    """The password of the account, for what cannot be undone."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._request = request

    def clean_password(self) -> str:
        return check_password(self._request, self.cleaned_data["password"])


class EndSignInsForm(OwnPasswordForm):
    """Which other sign-ins to end; all are chosen beforehand."""

    sign_ins = forms.MultipleChoiceField(
        label=gettext_lazy("Sign-ins to end"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    field_order = ("sign_ins", "password")

    def __init__(self, request: HttpRequest, sign_ins: list[SignIn], data: Any = None) -> None:
        super().__init__(request, data, initial={"sign_ins": [row.code for row in sign_ins]})
        field = self.fields["sign_ins"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(row.code, _described(row)) for row in sign_ins]


class AddressForm(KeptForm, forms.ModelForm):
    """The full name, and where mails go. A new address needs the password: links for a forgotten one go there."""

    password = forms.CharField(
        label=gettext_lazy("Your password, to change the address"),
        required=False,
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = get_user_model()
        fields = ("first_name", "email")
        labels = {"first_name": gettext_lazy("Full name"), "email": gettext_lazy("Address for mails")}
        help_texts = {
            "first_name": gettext_lazy("Colleagues see it beside the name that you sign in with. May be empty."),
            "email": gettext_lazy(
                "The fingerprint of each of your studies' logs is sent there, at opening, daily and at closing, and a "
                "link if you forget your password. Empty: no mails."
            ),
        }

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data, instance=request.user, auto_id="id_own_%s")
        self._request = request

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "email" in self.changed_data:
            try:
                check_password(self._request, cleaned.get("password", ""))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


def _described(row: SignIn) -> str:
    began, used = (date_format(timezone.localtime(at), _("j M Y, H:i")) for at in (row.began_at, row.used_at))
    browser = row.browser or _("unknown browser")
    return _("%(browser)s, since %(began)s, last used %(used)s") % {"browser": browser, "began": began, "used": used}
