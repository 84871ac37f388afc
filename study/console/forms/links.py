"""The form of the page “Links”."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class LinksForm(forms.Form):
    """Personal links, made once and handed out as a table."""

    count = forms.IntegerField(label=gettext_lazy("How many"), min_value=1, max_value=2000, initial=30)
    cap = forms.IntegerField(
        label=gettext_lazy("People for each link"),
        min_value=1,
        max_value=1000,
        initial=1,
        help_text=gettext_lazy("1: each link is for one person, who can also resume with it."),
    )
    labels = forms.CharField(
        label=gettext_lazy("Names for the links"),
        required=False,
        max_length=250_000,  # 2,000 names of 120 letters
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Optional, one per line, such as seat numbers; no names of persons."),
    )

    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"),
        required=False,
        help_text=gettext_lazy("A link of one stage lets people in only while that stage is the current one."),
    )

    def __init__(self, *args: Any, stages: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """`stages`: those that have begun; without any, nothing is asked of stages."""
        super().__init__(*args, **kwargs)
        if stages:
            field: Any = self.fields["stage"]
            field.choices = [("", _("whichever is current")), *stages]
        else:
            del self.fields["stage"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        labels = [line.strip()[:120] for line in (cleaned.get("labels") or "").splitlines() if line.strip()]
        if labels and "count" in cleaned and len(labels) != cleaned["count"]:
            self.add_error(
                "labels",
                _("%(labels)d names for %(count)d links. Write one for each, or none.")
                % {"labels": len(labels), "count": cleaned["count"]},
            )
        cleaned["labels"] = labels or None
        return cleaned
