"""The form of the page “Stages”."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from study.models import Study, StudyStage
from study.participants.study_stages import MOST_PEOPLE


class BeginStageForm(forms.Form):
    """The beginning of the stage that the page has offered: with a target, and of a study that runs with a reason."""

    stage = forms.ChoiceField(choices=StudyStage, widget=forms.HiddenInput)
    target = forms.IntegerField(
        label=_("How many people"),
        required=False,
        min_value=1,
        max_value=MOST_PEOPLE,
        help_text=_("Optional. If the plan stops enrolment at the target, this is the target of the stage."),
    )
    reason = forms.CharField(label=_("Reason, for the log"), max_length=500)
    confirmed = forms.BooleanField(label=_("Yes: the stage before takes nobody more, and cannot begin again."))

    def __init__(self, *args: Any, study: Study, stage: StudyStage | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["stage"] = stage
        if stage == StudyStage.MAIN:
            del self.fields["target"]
        if study.settings_can_change:
            del self.fields["reason"], self.fields["confirmed"]
