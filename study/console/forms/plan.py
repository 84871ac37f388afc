"""The form of the step “Plan”."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.errors import StudyError
from study.models import Study
from study.participants.questions import load_question_set
from study.setup.drafting import CHANGEABLE_WHILE_OPEN

_QUOTA = re.compile(r"(?P<question>[a-z0-9_]+)\s*=\s*(?P<answer>[a-z0-9_]+)\s*:\s*(?P<limit>\d{1,6})")


# The fields under their headings: key, title, explanation, names.
GROUPS = (
    (
        "points",
        gettext_lazy("Points and test"),
        gettext_lazy(
            "How choices are counted and how certain a finding has to be. Fixed when the study opens, so that "
            "nobody can choose the counting that suits the result."
        ),
        ("weight_first", "weight_second", "alpha"),
    ),
    (
        "people",
        gettext_lazy("People and clips"),
        gettext_lazy(
            "How many clips each participant hears, and how many people take part. With twelve clips or more, "
            "findings generalise to other music; thirty people are a good start."
        ),
        ("target_participants", "stop_at_target", "trials_per_participant", "grace_minutes"),
    ),
    (
        "page",
        gettext_lazy("The trial"),
        gettext_lazy("What each participant does for a clip."),
        (
            "second_choice_required",
            "allow_none_fits",
            "ask_reason",
            "ask_familiarity",
            "listening_minimum_seconds",
            "practice_trial",
            "sound_check",
            "headphone_check",
            "feedback",
        ),
    ),
    (
        "quality",
        gettext_lazy("Checks of the answers"),
        gettext_lazy(
            "Hidden trials that show how reliable answers are. They lengthen the survey; none of them excludes "
            "a participant automatically."
        ),
        ("repeats", "match_controls", "attention_trials", "minimum_seconds"),
    ),
    (
        "questions",
        gettext_lazy("Questions about the person"),
        gettext_lazy("Asked once, before or after the clips. Ask only for what the analysis needs."),
        ("questions_before", "quota_lines", "questions_after"),
    ),
    (
        "recruitment",
        gettext_lazy("Recruitment and completion"),
        gettext_lazy(
            "Where participants come from, and how the platform learns that somebody has finished. These can "
            "be changed while the study is open."
        ),
        ("recruitment_platform", "completion_code", "return_url", "screen_out_code", "screen_out_url"),
    ),
)


class PlanForm(forms.ModelForm):
    """The design and the plan, fixed when the study opens; recruitment can still change afterwards."""

    return_url = forms.URLField(label=gettext_lazy("Return link"), required=False, assume_scheme="https")
    screen_out_url = forms.URLField(label=gettext_lazy("Screen-out link"), required=False, assume_scheme="https")

    quota_lines = forms.CharField(
        label=gettext_lazy("Quotas"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One per line, with the keys of a choice question asked before the clips: training_years = none: 15 "
            "admits fifteen people who give this answer. Participants who come later are told that the quota is "
            "full. Those who left half an hour ago without finishing are not counted."
        ),
    )

    HELP = {
        "weight_first": gettext_lazy("The usual 3 and 1 need no reason; other values do."),
        "weight_second": gettext_lazy("At most as much as the 1st."),
        "alpha": gettext_lazy("How often a finding may be due to chance alone: 0.05 is usual."),
        "target_participants": gettext_lazy("Shown as progress on the monitor; empty: no target."),
        "stop_at_target": gettext_lazy("Otherwise people may start until you close the study."),
        "trials_per_participant": gettext_lazy(
            "Empty: everybody hears every clip. With many clips, 10 to 20 keep people fresh; every clip is then "
            "heard equally often."
        ),
        "second_choice_required": gettext_lazy("Two choices per clip give nearly twice the information of one."),
        "allow_none_fits": gettext_lazy("Counted and reported separately, never as a choice."),
        "ask_reason": gettext_lazy("One optional line; it lengthens the survey by about a third."),
        "practice_trial": gettext_lazy("Needs a clip marked for practice; its answer is not counted."),
        "sound_check": gettext_lazy("Participants hear a sound and confirm that they heard it."),
        "headphone_check": gettext_lazy("Six short sounds that are hard to tell apart on loudspeakers."),
        "feedback": gettext_lazy("After finishing, never about the conditions."),
        "repeats": gettext_lazy(
            "Clips that are shown a second time, unannounced, to check how consistent the answers are."
        ),
        "match_controls": gettext_lazy(
            "Trials that also show images of other clips, to check that people choose by the music."
        ),
        "attention_trials": gettext_lazy("Trials that name the images to choose, to check that the participant reads."),
        "ask_familiarity": gettext_lazy("Lets the analysis look at people who did not know the piece."),
        "listening_minimum_seconds": gettext_lazy(
            "How long the music has to play before a choice. Empty: half the clip, at most 15 seconds."
        ),
        "grace_minutes": gettext_lazy(
            "How long participants who have started may go on after the study is closed. Then the results open."
        ),
        "minimum_seconds": gettext_lazy("Faster answers are flagged, never excluded automatically."),
        "questions_before": gettext_lazy("A question set in YAML, asked before the first clip."),
        "questions_after": gettext_lazy("A question set in YAML, asked after the last clip."),
        "recruitment_platform": gettext_lazy(
            "The platform's ids are stored with the answers: nobody starts without one, and nobody twice. The page "
            "Links has the address for the platform."
        ),
        "screen_out_url": gettext_lazy("Where these participants are sent."),
        "completion_code": gettext_lazy("Shown on the last page."),
        "return_url": gettext_lazy(
            "Where the last page sends participants, such as the platform's completion address."
        ),
        "screen_out_code": gettext_lazy("For people who are screened out by a question before the clips."),
    }

    class Meta:
        model = Study
        fields = tuple(name for *_texts, names in GROUPS for name in names if name != "quota_lines")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in self.HELP.items():
            self.fields[name].help_text = text
        for name in ("questions_before", "questions_after"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"})
        self.initial["quota_lines"] = "\n".join(
            f"{quota['question']} = {quota['answer']}: {quota['limit']}" for quota in self.instance.quotas
        )
        for name in ("weight_first", "weight_second", "alpha"):
            # Show 3 rather than 3.00.
            self.initial[name] = f"{getattr(self.instance, name):f}".rstrip("0").rstrip(".")
        for name, most in (("trials_per_participant", 200), ("target_participants", 100_000)):
            self.fields[name].widget.attrs |= {"min": 1, "max": most}
        for name, field in self.fields.items():
            if not self.may_change(name):
                field.disabled = True

    def may_change(self, name: str) -> bool:
        """Whether the study's state permits a change of this field."""
        if self.instance.settings_can_change:
            return True
        return name in CHANGEABLE_WHILE_OPEN and self.instance.status in Study.TAKES_ANSWERS

    @property
    def any_can_change(self) -> bool:
        return any(not field.disabled for field in self.fields.values())

    def groups(self) -> list[dict[str, Any]]:
        """Return the fields under their headings."""
        return [
            {"id": key, "title": title, "help": text, "fields": [self[name] for name in names]}
            for key, title, text, names in GROUPS
        ]

    def _clean_questions(self, name: str) -> str:
        text = (self.cleaned_data[name] or "").replace("\r\n", "\n").strip()
        if text:
            try:
                load_question_set(text)
            except StudyError as error:
                raise ValidationError(str(error)) from error
        return text

    def clean_questions_before(self) -> str:
        return self._clean_questions("questions_before")

    def clean_questions_after(self) -> str:
        return self._clean_questions("questions_after")

    def plan(self) -> dict[str, Any]:
        """Return the values to save, by the names of the study's fields."""
        return {name: value for name, value in self.cleaned_data.items() if name != "quota_lines"}

    def _parse_quotas(self, text: str, questions: str) -> list[dict[str, Any]]:
        """Return the quotas of `question = answer: limit` lines, checked against the questions before the clips."""
        rows = [line.strip() for line in text.splitlines() if line.strip()]
        asked = load_question_set(questions).questions if rows and questions else []
        options = {row.key: [option.key for option in row.options] for row in asked if row.type == "choice"}
        quotas = []
        for line in rows:
            match = _QUOTA.fullmatch(line)
            if match is None:
                raise ValidationError(_("“%(line)s”: write question = answer: limit.") % {"line": line[:80]})
            question, answer, limit = match["question"], match["answer"], int(match["limit"])
            if answer not in options.get(question, []):
                raise ValidationError(
                    _("“%(line)s”: the questions before have no choice “%(question)s” with an answer “%(answer)s”.")
                    % {"line": line[:80], "question": question, "answer": answer}
                )
            quotas.append({"question": question, "answer": answer, "limit": limit})
        return quotas

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.may_change("quota_lines") and "questions_before" in cleaned:
            try:
                cleaned["quotas"] = self._parse_quotas(cleaned.get("quota_lines") or "", cleaned["questions_before"])
            except ValidationError as error:
                self.add_error("quota_lines", error)
        first, second = cleaned.get("weight_first"), cleaned.get("weight_second")
        if first is not None and second is not None and second > first:
            self.add_error(
                "weight_second",
                _("The 2nd choice would count more than the 1st. Swap them, or lower this one."),
            )
        for name in ("trials_per_participant", "target_participants"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("Write at least 1, or leave it empty."))
        each = cleaned.get("trials_per_participant")
        clips = self.instance.clips.filter(included=True, is_practice=False).count()
        if each and clips and each > clips:
            self.add_error(
                "trials_per_participant",
                _("Only %(n)d clips are included. Write at most %(n)d, or leave it empty.") % {"n": clips},
            )
        if cleaned.get("stop_at_target") and not cleaned.get("target_participants"):
            self.add_error("stop_at_target", _("Set the target number of participants first."))
        return cleaned
