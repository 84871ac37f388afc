"""Forms of the pages for reporting and power."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.study_results.reporting_answers import FIELDS, LICENCES, reporting_answers
from study.console.forms.tag_file import ENCODINGS
from study.console.forms.versions import KeptForm
from study.models import Study

MOST_BYTES = 20 * 2**20
_ONE_LINE = ("hourly_wage", "data_link", "source_link")


_OTHER = "other"


class ReportingForm(KeptForm, forms.Form):
    """The researcher's answers for the checklists, and the licence of the data; every field may stay empty."""

    licence = forms.ChoiceField(
        label=gettext_lazy("Licence of the data"),
        required=False,
        choices=[
            ("", gettext_lazy("none stated")),
            *LICENCES.items(),
            (_OTHER, gettext_lazy("another, in words")),
        ],
        help_text=gettext_lazy(
            "Under which others may use the answers; exports state it. The consent text has to permit it."
        ),
    )
    licence_words = forms.CharField(label=gettext_lazy("The other licence, in words"), required=False, max_length=200)

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        super().__init__(*args, initial=reporting_answers(study), **kwargs)
        is_known = study.licence in ("", *LICENCES)
        self.initial["licence"] = study.licence if is_known else _OTHER
        self.initial["licence_words"] = "" if is_known else study.licence
        for key, label, help_text in FIELDS:
            widget = forms.TextInput() if key in _ONE_LINE else forms.Textarea(attrs={"rows": 2})
            self.fields[key] = forms.CharField(
                label=label, help_text=help_text, required=False, max_length=2000, widget=widget
            )

    def group_of(self, name: str) -> str:
        """Treat both fields of the licence as one value."""
        return "licence" if name.startswith("licence") else name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        words = cleaned.get("licence_words")
        if cleaned.get("licence") == _OTHER and not words:
            self.add_error("licence_words", _("Write the licence, or choose “none stated” above."))
        elif cleaned.get("licence") != _OTHER and words and "licence" in cleaned:
            self.add_error("licence_words", _("Choose “another, in words” above, or empty this."))
        return cleaned

    def answers(self) -> dict[str, str]:
        """Return the answers for the checklists, by key."""
        return {key: self.cleaned_data[key] for key, _label, _help in FIELDS}

    def licence_sent(self) -> str:
        """Return the licence as the study keeps it."""
        chosen = str(self.cleaned_data["licence"])
        return str(self.cleaned_data["licence_words"]) if chosen == _OTHER else chosen

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


class DownloadForm(forms.Form):
    """A download of a survey tool."""

    file = forms.FileField(
        label=gettext_lazy("Download of the survey tool"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,text/csv"}),
        help_text=gettext_lazy("CSV or .xlsx, as it was downloaded, with all of its heading rows."),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of the table"),
        required=False,
        choices=ENCODINGS,
        help_text=gettext_lazy("Choose one only if the table's letters come out wrong."),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > MOST_BYTES:
            raise ValidationError(
                _("%(file)s is larger than %(limit)d MB.") % {"file": file.name, "limit": MOST_BYTES >> 20}
            )
        return file


class PowerForm(KeptForm, forms.Form):
    """A design and the assumed effect and spreads."""

    participants = forms.IntegerField(label=gettext_lazy("Participants"), min_value=2, max_value=1000, initial=30)
    clips = forms.IntegerField(label=gettext_lazy("Clips"), min_value=2, max_value=200, initial=12)
    share = forms.FloatField(
        label=gettext_lazy("Effect"),
        min_value=0.01,
        max_value=0.99,
        initial=0.59,
        help_text=gettext_lazy(
            "share of head-to-head choices that an image of the first side wins, such as one from corrected tags; 0.5 "
            "is no effect"
        ),
    )
    spreads_from = forms.ChoiceField(
        label=gettext_lazy("Spreads"),
        required=False,
        help_text=gettext_lazy("from a finished study of yours, or as assumed below"),
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

    target = forms.FloatField(
        label=gettext_lazy("Wanted power"),
        min_value=0.1,
        max_value=0.99,
        initial=0.8,
        required=False,
        help_text=gettext_lazy("chance of finding the effect that the study should have"),
    )
    clips_per_participant = forms.IntegerField(
        label=gettext_lazy("Clips per participant"),
        min_value=1,
        max_value=200,
        required=False,
        help_text=gettext_lazy("empty: everybody judges all clips; fewer keep a session short"),
    )
    drop_out = forms.FloatField(
        label=gettext_lazy("Drop-out"),
        min_value=0,
        max_value=0.9,
        initial=0.0,
        required=False,
        help_text=gettext_lazy("share of people who leave before the end, halfway on average; 0.1 is one in ten"),
    )

    def __init__(self, *args: Any, spreads: Mapping[str, tuple[str, float, float]], **kwargs: Any) -> None:
        """`spreads`: slug → title and the two spreads of each finished study (see `finished_spreads`)."""
        super().__init__(*args, **kwargs)
        self.spreads = spreads
        choices = [(slug, f"{title} ({people:.2f}, {clips:.2f})") for slug, (title, people, clips) in spreads.items()]
        if choices:
            self.fields["spreads_from"].choices = [("", _("as assumed below")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["spreads_from"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("target") is None:
            data["target"] = 0.8
        if chosen := self.spreads.get(data.pop("spreads_from", "")):
            data["sd_participants"], data["sd_clips"] = chosen[1:]
        if data.get("participants", 0) * data.get("clips", 0) > 40_000:
            raise ValidationError(
                _("That is more than 40,000 answers; ask for fewer, or use `manage.py power` on your own machine.")
            )
        return data


class AnalysisRulesForm(KeptForm, forms.Form):
    """The smallest difference worth having, empty for none, and whether the study may stop early."""

    smallest = forms.FloatField(
        label=gettext_lazy("Smallest difference that matters"),
        required=False,
        help_text=gettext_lazy(
            "points an answer, of the primary contrast; the report then says whether the difference is at least that "
            "large, whether any such difference is excluded, or that it is undecided. Empty: no such sentence"
        ),
    )
    planned = forms.BooleanField(label=gettext_lazy("This study may stop early"), required=False)

    def __init__(self, *args: Any, can_stop_early: bool, in_steps: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if in_steps:
            self.fields["smallest"].help_text = _(
                "steps of the scale that is the main question, of the primary contrast; the report then says whether "
                "the difference is at least that large, whether any such difference is excluded, or that it is "
                "undecided. Empty: no such sentence"
            )
        if not can_stop_early:
            del self.fields["planned"]
