"""The form that makes a token for scripts."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.setup.api_tokens import MOST_DAYS, USUAL_DAYS


class ApiTokenForm(forms.Form):
    """Where a token is used, and until when it is good."""

    name = forms.CharField(
        label=_("Where it is used"),
        max_length=80,
        help_text=_("Your own note, such as “notebook on my laptop”. The study's owner sees it too."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        help_text=_("The token works until the end of this day; at most a year."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"last_day": today + timedelta(days=USUAL_DAYS)})
        latest = today + timedelta(days=MOST_DAYS)
        self.fields["last_day"].widget.attrs |= {"min": today.isoformat(), "max": latest.isoformat()}
