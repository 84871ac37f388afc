"""The form of the step “Plan”."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.exclusion_rules import RULE_FIELDS, RULE_PREFIX, RULES_NEED, rule_field, rule_shown
from study.console.forms.versions import KeptForm
from study.errors import StudyError
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.reading import InstrumentRefused
from study.models import Study
from study.participants.answer_rules import AnswerRule, parse_answer_rules
from study.participants.answers_table import asked_columns
from study.participants.exclusion_rules import UNITS, ExclusionRule, Rule, rules_of
from study.participants.fair_pay import CURRENCIES
from study.participants.moderators import moderator_columns, planned_moderators
from study.participants.quality import never_measured
from study.setup.drafting import CHANGEABLE_WHILE_OPEN
from study.setup.instrument_checks import extra_trials_without_answer

EXTRA_FIELDS = {"answer_rules", *RULE_FIELDS}  # not columns of the study

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
            "How many clips each participant hears, and how many people take part. At least 12 clips are advised for "
            "findings about other music, and thirty people are a good start; the step “Power” computes both."
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
            "images_lossless",
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
            "Hidden trials that show how reliable answers are. They lengthen the survey; they exclude a participant "
            "only by a rule below."
        ),
        ("repeats", "match_controls", "attention_trials", "minimum_seconds"),
    ),
    (
        "exclusions",
        gettext_lazy("Who is left out"),
        gettext_lazy(
            "Rules by which the analysis leaves people out by itself; fixed when the study opens. A percentage is the "
            "share of a person's answers, or of the trials that the text names, from which they are left out; an "
            "empty field is no rule. The report counts these people and gives the result with and without them."
        ),
        (*RULE_FIELDS, "answer_rules"),
    ),
    (
        "recruitment",
        gettext_lazy("Recruitment and completion"),
        gettext_lazy(
            "Where participants come from, and how the platform learns that somebody has finished. These can "
            "be changed while the study is open."
        ),
        (
            "recruitment_platform",
            "completion_code",
            "return_url",
            "screen_out_code",
            "screen_out_url",
            "keep_ids_days",
            "reward",
            "reward_currency",
            "wage",
        ),
    ),
)


class PlanForm(KeptForm, forms.ModelForm):
    """The design and the plan, fixed when the study opens; recruitment can still change afterwards."""

    return_url = forms.URLField(label=gettext_lazy("Return link"), required=False, assume_scheme="https")
    screen_out_url = forms.URLField(label=gettext_lazy("Screen-out link"), required=False, assume_scheme="https")

    answer_rules = forms.CharField(
        label=gettext_lazy("Rules about answers to questions"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One per line, by the columns of participants.csv: before_age < 18, or headphones_passed = no. Who did not "
            "answer is not left out by such a rule."
        ),
    )

    # The words of the field are in the help and in the glossary.
    LABELS = {
        "alpha": gettext_lazy("Share of false alarms"),
        "grace_minutes": gettext_lazy("Minutes to finish after closing"),
        "match_controls": gettext_lazy("Trials with images of other clips"),
    }
    HELP = {
        "reward": gettext_lazy("What everybody who finishes gets; empty: nothing is paid."),
        "wage": gettext_lazy("With the time that people take, this says whether the reward is enough."),
        "weight_first": gettext_lazy(
            "3 and 1 are usual. The report also shows how the result changes with other points."
        ),
        "weight_second": gettext_lazy("At most as much as the 1st."),
        "alpha": gettext_lazy(
            "Of studies without any difference, the share that would find one (significance level, alpha): 0.05 is "
            "usual."
        ),
        "target_participants": gettext_lazy("Shown as progress on the monitor; empty: no target."),
        "stop_at_target": gettext_lazy("Otherwise people may start until you close the study."),
        "trials_per_participant": gettext_lazy(
            "Empty: everybody hears every clip. With many clips, 10 to 20 keep people fresh; every clip is then "
            "heard about equally often."
        ),
        "second_choice_required": gettext_lazy("Two choices per clip give nearly twice the information of one."),
        "allow_none_fits": gettext_lazy("Counted and reported separately, never as a choice."),
        "ask_reason": gettext_lazy("One optional line for each clip; it makes the survey longer."),
        "practice_trial": gettext_lazy("Needs a clip marked for practice; its answer is not counted."),
        "sound_check": gettext_lazy("Participants hear a sound and confirm that they heard it."),
        "headphone_check": gettext_lazy(
            "Six short sounds that are hard to tell apart on loudspeakers; five right pass. Nobody is sent away."
        ),
        "feedback": gettext_lazy("After finishing, never about the conditions."),
        "repeats": gettext_lazy(
            "Trials that are shown a second time, unannounced, to check how consistent the answers are."
        ),
        "match_controls": gettext_lazy(
            "Match-control trials: they also show images of another clip, to check that people choose by the music."
        ),
        "attention_trials": gettext_lazy("Trials that say what to answer, to check that the participant reads."),
        "images_lossless": gettext_lazy(
            "Usually images are sent in the size that the screen needs, as WebP of quality 80. Without loss, "
            "participants load about eight times as much: more than a megabyte for each trial."
        ),
        "ask_familiarity": gettext_lazy(
            "The report then gives the result without the answers about known pieces, too."
        ),
        "listening_minimum_seconds": gettext_lazy(
            "How long the music has to play before an answer. Empty: half the clip, at most 15 seconds."
        ),
        "grace_minutes": gettext_lazy(
            "The grace period: how long participants who have started may go on after the study is closed. Then the "
            "results open."
        ),
        "minimum_seconds": gettext_lazy("Faster answers are flagged; they exclude a participant only by a rule below."),
        "recruitment_platform": gettext_lazy(
            "The platform's ids are kept apart from the answers: nobody starts without one, and nobody counts twice. "
            "The page Links has the address for the platform, the page Payment whom to pay."
        ),
        "screen_out_url": gettext_lazy("Where these participants are sent."),
        "completion_code": gettext_lazy("Shown on the last page."),
        "keep_ids_days": gettext_lazy(
            "So many days after the results open, the platform's ids are erased by themselves, and with them reports "
            "of problems. Erase the ids earlier on the page Payment, once everybody is paid."
        ),
        "return_url": gettext_lazy(
            "Where the last page sends participants, such as the platform's completion address."
        ),
        "screen_out_code": gettext_lazy(
            "For people who are screened out by a question before the clips, or by a full quota."
        ),
    }

    class Meta:
        model = Study
        fields = tuple(name for *_texts, names in GROUPS for name in names if name not in EXTRA_FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keep_ids_days"].required = False
        self.fields["reward_currency"] = forms.ChoiceField(
            label=self.fields["reward_currency"].label,
            choices=[("", "–"), *((code, code) for code in sorted(CURRENCIES))],
            required=False,
        )
        self.answer_rules_found: list[AnswerRule] = []
        for kind, unit in UNITS.items():
            self.fields[RULE_PREFIX + kind] = rule_field(kind, unit)
        rules = rules_of(self.instance)
        for rule in rules:
            if isinstance(rule, ExclusionRule):
                self.initial[RULE_PREFIX + rule.kind] = rule_shown(rule)
        self.initial["answer_rules"] = "\n".join(str(rule) for rule in rules if isinstance(rule, AnswerRule))
        for name, text in self.HELP.items():
            self.fields[name].help_text = text
        for name, text in self.LABELS.items():
            self.fields[name].label = text
        for name in ("weight_first", "weight_second", "alpha"):
            # Show 3 rather than 3.00.
            self.initial[name] = f"{getattr(self.instance, name):f}".rstrip("0").rstrip(".")
        for name, most in (("trials_per_participant", 200), ("target_participants", 100_000)):
            self.fields[name].widget.attrs |= {"min": 1, "max": most}
        self._fit_to_instrument()
        for name, field in self.fields.items():
            if not self.may_change(name):
                field.disabled = True

    def _fit_to_instrument(self) -> None:
        """Leave out what means nothing under the questions of the trials, and name the rest by what it means there."""
        if is_classic(self.instance):
            return
        try:
            instrument = instrument_of(self.instance)
        except InstrumentRefused:  # the page of the questions says so
            return
        ranks = instrument.choose.ranks if instrument.choose else 0
        hidden = {"weight_second"} if ranks != 2 else set()
        hidden |= {"weight_first"} if ranks not in (1, 2) else set()
        hidden |= {"second_choice_required"} if ranks < 2 else set()
        if ranks > 2:
            self.fields["second_choice_required"].label = _("All choices are required")
            self.fields["second_choice_required"].help_text = _("Otherwise those after the first can be left out.")
        compares = instrument.choose or instrument.pair
        rates = any(question.of != "music" for question, _scale in instrument.scales())
        useless = {"allow_none_fits"} if not instrument.choose else set()
        useless |= set() if compares else {"match_controls", "rule_match_failed"}
        useless |= set() if compares or rates else {"attention_trials", "rule_attention_failed"}
        # What is set has to be seen, to be taken out; what a page from before sends has to be refused, not lost.
        hidden |= {name for name in useless if not self._stored(name) and self.data.get(name) in (None, "", "0")}
        for name in hidden:
            del self.fields[name]

    def may_change(self, name: str) -> bool:
        """Whether the study's state permits a change of this field."""
        if self.instance.settings_can_change:
            return True
        return name in CHANGEABLE_WHILE_OPEN and self.instance.status in Study.TAKES_ANSWERS

    @property
    def any_can_change(self) -> bool:
        return any(not field.disabled for field in self.fields.values())

    def groups(self) -> list[dict[str, Any]]:
        """Return the fields under their headings, without empty ones of rules that the trials say nothing about."""
        pointless = {RULE_PREFIX + kind for kind in never_measured(self.instance)}
        counts = "weight_first" in self.fields
        test = (_("Test"), _("How certain a finding has to be. Fixed when the study opens."))

        def is_shown(name: str) -> bool:
            return name in self.fields and (name not in pointless or bool(self[name].value()))

        return [
            {
                "id": key,
                "title": title if counts or key != "points" else test[0],
                "help": text if counts or key != "points" else test[1],
                "fields": [self[name] for name in names if is_shown(name)],
            }
            for key, title, text, names in GROUPS
        ]

    def clean_keep_ids_days(self) -> int:
        """Leave the days as they are if the field is empty, or missing in a page of before."""
        days = self.cleaned_data["keep_ids_days"]
        return int(self.instance.keep_ids_days if days is None else days)

    def plan(self) -> dict[str, Any]:
        """Return the values to save, by the names of the study's fields."""
        return {name: value for name, value in self.cleaned_data.items() if name not in EXTRA_FIELDS}

    def rules(self) -> list[Rule]:
        """Return the exclusion rules: a share of the answers for a percentage, as it is for odds, 1 for a tick."""
        values = {kind: self.cleaned_data.get(RULE_PREFIX + kind) for kind in UNITS}
        measured: list[Rule] = [
            ExclusionRule(kind, round(float(value) / 100, 6) if UNITS[kind] == "share" else float(value))
            for kind, value in values.items()
            if value
        ]
        return measured + self.answer_rules_found

    def _as_sent(self, cleaned: dict[str, Any]) -> Study:
        """The study with the questions that it has, and the checks of the plan as it is sent."""
        study = self.instance
        checks = {name: cleaned.get(name, getattr(study, name)) for name in ("sound_check", "headphone_check")}
        return Study(
            status=study.status,
            questions_before=study.questions_before,
            questions_after=study.questions_after,
            **checks,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        asked = self._as_sent(cleaned)
        groups = {row["column"] for row in planned_moderators(self.instance)}
        if self.may_change("sound_check") and (lost := groups - {column.name for column in moderator_columns(asked)}):
            self.add_error(
                "headphone_check" if any("headphones" in name for name in lost) else "sound_check",
                _("The page “Questions” compares groups of people by it: untick them there first, or keep this."),
            )
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
        if self.may_change("answer_rules"):
            try:
                lines = cleaned.get("answer_rules") or ""
                self.answer_rules_found = parse_answer_rules(lines, asked_columns(asked))
            except StudyError as error:
                self.add_error("answer_rules", str(error))
        for kind, (setting, why) in RULES_NEED.items():
            if cleaned.get(RULE_PREFIX + kind) and not cleaned.get(setting, getattr(self.instance, setting)):
                self.add_error(RULE_PREFIX + kind, why)
        extras = {name: cleaned.get(name) or 0 for name in ("match_controls", "attention_trials")}
        for name, sentence in extra_trials_without_answer(self.instance, **extras).items():
            self.add_error(name, sentence)
        for kind in never_measured(self.instance):
            if cleaned.get(RULE_PREFIX + kind) and RULE_PREFIX + kind not in self.errors:
                self.add_error(RULE_PREFIX + kind, _("The questions of the trials say nothing about this: empty it."))
        for name, problem in money_problems(cleaned):
            self.add_error(name, problem)
        if cleaned.get("stop_at_target") and not cleaned.get("target_participants"):
            self.add_error("stop_at_target", _("Set the target number of participants first."))
        return cleaned


def money_problems(cleaned: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the reward and the wage: the field's name, and a sentence."""
    currency = cleaned.get("reward_currency") or ""
    for name in ("reward", "wage"):
        amount = cleaned.get(name)
        if amount is not None and not currency:
            yield "reward_currency", _("Choose the currency of the reward and the wage.")
            return
        if amount is not None and amount != round(amount, CURRENCIES[currency]):
            yield name, _("%(currency)s has no smaller coins: write a whole number.") % {"currency": currency}
