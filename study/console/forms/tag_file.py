"""The form of the step “Tags”."""

from django import forms
from django.utils.translation import gettext_lazy

ENCODINGS = [
    ("", gettext_lazy("recognise it")),
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp949", gettext_lazy("CP949 (Korean)")),
    ("cp1252", gettext_lazy("Windows-1252 (Western European)")),
    ("cp1250", gettext_lazy("Windows-1250 (Central European)")),
    ("cp1254", gettext_lazy("Windows-1254 (Turkish)")),
    ("cp932", gettext_lazy("Shift-JIS (Japanese)")),
    ("gb18030", gettext_lazy("GB18030 (simplified Chinese)")),
    ("big5hkscs", gettext_lazy("Big5 (traditional Chinese)")),
    ("mac_roman", gettext_lazy("Mac Roman (old Excel for Mac)")),
]


class TagFileForm(forms.Form):
    """A table of original tags."""

    file = forms.FileField(
        label=gettext_lazy("Table of tags"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,text/csv"}),
        help_text=gettext_lazy(
            "CSV, separated by commas, semicolons or tabs, best in UTF-8; or a spreadsheet (.xlsx)."
        ),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding of the table"),
        required=False,
        choices=ENCODINGS,
        help_text=gettext_lazy("Choose one only if the table's letters come out wrong."),
    )
    skip_unknown = forms.BooleanField(
        label=gettext_lazy("Skip rows about clips that are not in this study"),
        required=False,
        help_text=gettext_lazy("For the whole annotation file of a data set. Otherwise such a row stops the import."),
    )
