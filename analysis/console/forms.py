"""Forms of the pages for reporting and rules of the analysis."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.study_results.reporting_answers import FIELDS
from study.console.forms.tag_file import ENCODINGS
from study.console.forms.versions import KeptForm

MOST_BYTES = 20 * 2**20
_ONE_LINE = ("hourly_wage", "data_link", "source_link")


class ReportingForm(KeptForm, forms.Form):
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

    def __init__(self, *args: Any, can_stop_early: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_stop_early:
            del self.fields["planned"]
