"""The form that shares a study."""

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from study.models import Role
from study.models.members import GIVEN_ROLES


class ShareForm(forms.Form):
    """Whom to give which role: the name of an account, or a mail address to invite, which is never looked up."""

    name = forms.CharField(
        label=_("Sign-in name or mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        help_text=_(
            "By name, a colleague with an account here works on the study at once. By mail address, you invite "
            "anybody: you get a link to pass on, and it is mailed if this server sends mails."
        ),
    )
    role = forms.ChoiceField(label=_("Role"), choices=GIVEN_ROLES, initial=Role.EDITOR)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if "@" in name:
            validate_email(name)
        return name

    @property
    def is_invitation(self) -> bool:
        return "@" in self.cleaned_data["name"]
