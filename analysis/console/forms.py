"""Forms of the pages for reporting and power."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.study_results.reporting_answers import FIELDS

_ONE_LINE = ("hourly_wage", "data_link", "source_link")


class ReportingForm(forms.Form):
    """The researcher's answers for the checklists; every field may stay empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label, help_text in FIELDS:
            widget = forms.TextInput() if key in _ONE_LINE else forms.Textarea(attrs={"rows": 2})
            self.fields[key] = forms.CharField(
                label=label, help_text=help_text, required=False, max_length=2000, widget=widget
            )

    def clean_hourly_wage(self) -> str:
        text = str(self.cleaned_data["hourly_wage"]).strip()
        if not text:
            return ""
        try:
            wage = float(text.replace(",", "."))
        except ValueError:
            wage = -1.0
        if not 0 <= wage < 1e6:
            raise ValidationError(_("Write the wage as a number, for example 12.50."))
        return text


class PowerForm(forms.Form):
    """A design and the assumed effect and spreads."""

    participants = forms.IntegerField(label=gettext_lazy("Participants"), min_value=2, max_value=1000, initial=30)
    clips = forms.IntegerField(label=gettext_lazy("Clips"), min_value=2, max_value=200, initial=12)
    share = forms.FloatField(
        label=gettext_lazy("Effect"),
        min_value=0.01,
        max_value=0.99,
        initial=0.59,
        help_text=gettext_lazy("share of head-to-head choices that a redefined image wins; 0.5 is no effect"),
    )
    sd_participants = forms.FloatField(
        label=gettext_lazy("Spread between people"),
        min_value=0,
        max_value=5,
        initial=0.8,
        help_text=gettext_lazy("standard deviation on the utility scale"),
    )
    sd_clips = forms.FloatField(
        label=gettext_lazy("Spread between clips"),
        min_value=0,
        max_value=5,
        initial=0.7,
        help_text=gettext_lazy("standard deviation on the utility scale"),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("participants", 0) * data.get("clips", 0) > 40_000:
            raise ValidationError(
                _("That is more than 40,000 answers; ask for fewer, or use `manage.py power` on your own machine.")
            )
        return data
