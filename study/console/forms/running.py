"""The form of the page “Versions”: what can change while a study runs."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from study.console.forms.versions import KeptForm
from study.models import Study
from study.participants.study_versions import TEXTS, field_name, text_now
from study.texts import languages_of


class RunningStudyForm(KeptForm, forms.Form):
    """The texts in the study's languages, the contact address and the target; each change asks for a reason."""

    contact = forms.CharField(
        label=_("Contact address"),
        max_length=300,
        required=False,
        help_text=_("The consent text changes with it, and whoever has not consented yet agrees to the new one."),
    )
    target_participants = forms.IntegerField(
        label=_("Target number of participants"), min_value=1, max_value=100_000, required=False
    )
    reason = forms.CharField(
        label=_("Reason, for the log and the report"),
        max_length=500,
        help_text=_("For example: a typing error in the question."),
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        self.study = study
        super().__init__(*args, **kwargs)
        self.initial.update({"contact": study.contact, "target_participants": study.target_participants})
        for language, _name in settings.LANGUAGES:
            for name in TEXTS if language in languages_of(study) else ():
                self.fields[f"{name}_{language}"] = forms.CharField(
                    label=field_name(name),
                    max_length=300 if name == "question" else 20_000,
                    initial=text_now(study, name, language),
                    widget=forms.Textarea(attrs={"rows": 2 if name == "question" else 6, "lang": language}),
                )

    def language_groups(self) -> list[dict[str, Any]]:
        """Return the texts' fields by language."""
        groups = []
        for language, name in settings.LANGUAGES:
            with override(language):
                own_name = str(name)
            fields = [self[f"{field}_{language}"] for field in TEXTS if f"{field}_{language}" in self.fields]
            if fields:
                groups.append({"code": language, "name": own_name, "fields": fields})
        return groups

    def written(self) -> dict[str, dict[str, str]]:
        """Return the texts by field and language."""
        return {
            name: {
                language: self.cleaned_data[f"{name}_{language}"]
                for language, _name in settings.LANGUAGES
                if f"{name}_{language}" in self.fields
            }
            for name in TEXTS
        }
