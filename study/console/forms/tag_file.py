"""The form of the step “Tags”."""

from django import forms
from django.utils.translation import gettext_lazy


class TagFileForm(forms.Form):
    """A table of original tags."""

    file = forms.FileField(
        label=gettext_lazy("Table of tags"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        help_text=gettext_lazy("CSV, separated by commas, semicolons or tabs, in UTF-8 or CP949."),
    )
    skip_unknown = forms.BooleanField(
        label=gettext_lazy("Skip rows about clips that are not in this study"),
        required=False,
        help_text=gettext_lazy("For the whole annotation file of a data set. Otherwise such a row stops the import."),
    )
