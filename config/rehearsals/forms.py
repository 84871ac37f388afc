"""The form of the page “Rehearse”: how many simulated people, and what they prefer, in words."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.rehearsals.request import MOST_PEOPLE, Wanted
from study.models import Condition
from study.simulation.chosen_preference import ChosenPreference, Winner

NONE, FACTORS, CONDITIONS = "none", "factors", "conditions"


class RehearsalForm(forms.Form):
    """How a study with these conditions is rehearsed."""

    people = forms.IntegerField(label=gettext_lazy("Simulated people"), min_value=1, max_value=MOST_PEOPLE, initial=20)
    leave = forms.IntegerField(
        label=gettext_lazy("Percent who leave before the end"), min_value=0, max_value=90, initial=0
    )
    preference = forms.ChoiceField(label=gettext_lazy("What they prefer"), widget=forms.RadioSelect)
    person_sd = forms.FloatField(
        label=gettext_lazy("How far tastes differ between people"),
        min_value=0,
        max_value=5,
        initial=0.6,
        help_text=gettext_lazy("A standard deviation in logits; 0: all have one taste."),
    )
    clip_sd = forms.FloatField(
        label=gettext_lazy("How far images differ between clips"),
        min_value=0,
        max_value=5,
        initial=0.4,
        help_text=gettext_lazy("A standard deviation in logits; 0: no image is luckier than another."),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"),
        min_value=0,
        max_value=2**31,
        initial=1,
        help_text=gettext_lazy("The same seed gives the same people."),
    )

    def __init__(self, *args: Any, conditions: Sequence[Condition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conditions = list(conditions)
        self.factors = levels_by_factor(self.conditions)
        choices = [(NONE, _("Nothing: each choice is a toss"))]
        if self.factors:
            choices.append((FACTORS, _("One side of what the conditions differ in")))
        choices.append((CONDITIONS, _("Each condition by itself")))
        self.fields["preference"].choices = choices  # type: ignore[attr-defined]
        self.fields["preference"].initial = choices[1][0] if len(choices) > 2 else NONE
        for number, (name, levels) in enumerate(self.factors.items()):
            self.fields[f"winner-{number}"] = forms.ChoiceField(
                label=_("%(factor)s: which wins") % {"factor": _(name)},
                choices=[("", _("neither")), *((level, _(level)) for level in levels)],
                required=False,
                initial=levels[0] if number == 0 else "",
            )
            self.fields[f"share-{number}"] = forms.IntegerField(
                label=_("wins in percent of the trials"), min_value=50, max_value=95, required=False, initial=60
            )
        for number, condition in enumerate(self.conditions):
            self.fields[f"weight-{number}"] = forms.FloatField(
                label=_(condition.label), min_value=0.05, max_value=20, required=False, initial=1
            )

    def factor_fields(self) -> Iterator[tuple[Any, Any]]:
        """Yield each factor's bound fields: which level wins, and how often."""
        for number in range(len(self.factors)):
            yield self[f"winner-{number}"], self[f"share-{number}"]

    def weight_fields(self) -> Iterator[Any]:
        """Yield each condition's bound field."""
        for number in range(len(self.conditions)):
            yield self[f"weight-{number}"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("preference") == FACTORS:
            for number in range(len(self.factors)):
                if cleaned.get(f"winner-{number}") and cleaned.get(f"share-{number}") is None:
                    self._say(f"share-{number}", _("In how many percent of the trials does it win? 50 to 95."))
        if cleaned.get("preference") == CONDITIONS:
            for number in range(len(self.conditions)):
                if cleaned.get(f"weight-{number}") is None:
                    self._say(f"weight-{number}", _("Give each a number, from 0.05 to 20."))
        return cleaned

    def _say(self, name: str, problem: str) -> None:
        if name not in self.errors:
            self.add_error(name, problem)

    def wanted(self) -> Wanted:
        """Return what a valid form asks for."""
        data = self.cleaned_data
        kind = data["preference"]
        winners, weights = [], {}
        if kind == FACTORS:
            for number, name in enumerate(self.factors):
                if (level := data[f"winner-{number}"]) and data[f"share-{number}"] > 50:
                    winners.append(Winner(name, level, data[f"share-{number}"] / 100))
        if kind == CONDITIONS:
            weights = {row.key: data[f"weight-{number}"] for number, row in enumerate(self.conditions)}
            weights = weights if len(set(weights.values())) > 1 else {}
        # Without a preference also no image is luckier than another, so that the truth is 0 for these clips too.
        spread = (0.0, 0.0) if kind == NONE else (data["person_sd"], data["clip_sd"])
        preference = ChosenPreference(tuple(winners), weights, *spread)
        return Wanted(data["people"], data["leave"] / 100, preference, data["seed"])


def levels_by_factor(conditions: Sequence[Condition]) -> dict[str, list[str]]:
    """Return the levels of each factor that varies, in the order of the conditions."""
    names = dict.fromkeys(name for row in conditions for name in row.levels)
    levels = {name: list(dict.fromkeys(row.levels[name] for row in conditions if name in row.levels)) for name in names}
    return {name: found for name, found in levels.items() if len(found) > 1}
