"""Forms of the page Preregister: what only the researchers know, and where the study was registered."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.study_results.planned_contrasts import LESS, MORE, planned_contrasts
from analysis.study_results.registration import EXISTING, FIELDS, FORM_NAMES, registration_of
from study.console.forms.versions import KeptForm
from study.models import Study
from study.models.studies import web_address

MOST_LETTERS = 5_000


class RegistrationForm(KeptForm, forms.Form):
    """The researchers' texts, which data exist, and of each contrast the direction that they expect."""

    existing = forms.ChoiceField(
        label=gettext_lazy("Existing data"),
        required=False,
        choices=[("", gettext_lazy("as the software knows it")), *EXISTING.items()],
        help_text=gettext_lazy("data that this study analyses; before the first answer there are none"),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        stored, self._contrasts = registration_of(study), planned_contrasts(study)
        directions = {
            f"direction_{number}": stored.directions.get(contrast.key, "")
            for number, contrast in enumerate(self._contrasts, start=1)
        }
        initial = {**stored.answers, "existing": stored.existing, **directions}
        super().__init__(*args, initial=initial, **kwargs)
        for key, label, help_text in FIELDS:
            self.fields[key] = forms.CharField(
                label=label,
                help_text=help_text,
                required=False,
                max_length=MOST_LETTERS,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        # Numbered as the hypotheses of the text are.
        for name, contrast in zip(directions, self._contrasts, strict=True):
            number = name.removeprefix("direction_")
            self.fields[name] = forms.ChoiceField(
                label=_("H%(number)s: %(high)s – %(low)s")
                % {"number": number, "high": contrast.high, "low": contrast.low},
                required=False,
                choices=[
                    ("", _("no direction")),
                    (MORE, _("higher: %(side)s") % {"side": contrast.high}),
                    (LESS, _("higher: %(side)s") % {"side": contrast.low}),
                ],
            )
        self.order_fields(["question", *directions, "existing"])

    def answers(self) -> dict[str, str]:
        """Return the texts, by key."""
        return {key: self.cleaned_data[key] for key, _label, _help in FIELDS}

    def directions(self) -> dict[str, str]:
        """Return the directions that are expected, by contrast; those that the design has no more are gone."""
        names = enumerate(self._contrasts, start=1)
        return {contrast.key: self.cleaned_data[f"direction_{number}"] for number, contrast in names}


class FilingForm(forms.Form):
    """A registration that was filed."""

    form = forms.ChoiceField(label=gettext_lazy("Form"), choices=list(FORM_NAMES.items()))
    address = forms.CharField(
        label=gettext_lazy("Address of the registration"),
        max_length=500,
        validators=[web_address],
        widget=forms.URLInput(attrs={"placeholder": "https://osf.io/…"}),
    )
    day = forms.DateField(
        label=gettext_lazy("Day of the registry's time stamp"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    embargo = forms.DateField(
        label=gettext_lazy("Embargo until"),
        required=False,
        help_text=gettext_lazy("empty: public at once"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"day": today})
        self.fields["day"].widget.attrs["max"] = today.isoformat()
