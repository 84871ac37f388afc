"""Forms of the page Power: one for each kind of question that can be planned for."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.statistics.rating_scales import LARGEST_SHARE_OF_SCALE, usual_ratings
from analysis.study_results.finished_spreads import FinishedSpreads
from analysis.study_results.power_questions import PowerQuestion
from study.console.forms.versions import KeptForm


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

    def __init__(self, *args: Any, asked: PowerQuestion, spreads: Mapping[str, FinishedSpreads], **kwargs: Any) -> None:
        """`spreads`: by slug, of finished studies that asked the same (see `finished_spreads`)."""
        super().__init__(*args, **kwargs)
        self.asked = asked
        self.spreads = spreads
        choices = [(slug, f"{found.title} ({', '.join(found.shown())})") for slug, found in spreads.items()]
        if choices:
            self.fields["spreads_from"].choices = [("", _("as assumed below")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["spreads_from"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("target") is None:
            data["target"] = 0.8
        if chosen := self.spreads.get(data.pop("spreads_from", "")):
            data |= chosen.spreads
        if data.get("participants", 0) * data.get("clips", 0) > 40_000:
            raise ValidationError(
                _("That is more than 40,000 answers; ask for fewer, or use `manage.py power` on your own machine.")
            )
        return data | self.asked.inputs()


class PairPowerForm(PowerForm):
    """A design in which pairs of images are compared."""

    ties = forms.FloatField(
        label=gettext_lazy("Ties"),
        min_value=0,
        max_value=0.95,
        initial=0.1,
        required=False,
        help_text=gettext_lazy("share of ties between two images that are equally good; 0.1 is one in ten"),
    )
    pairs_per_clip = forms.IntegerField(
        label=gettext_lazy("Pairs of a clip"),
        min_value=1,
        required=False,
        help_text=gettext_lazy("that a participant compares; empty: all pairs of its images"),
    )
    field_order = (
        *("participants", "clips", "share", "spreads_from", "sd_participants", "sd_clips", "ties"),
        *("target", "clips_per_participant", "pairs_per_clip", "drop_out"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pairs_per_clip"] = forms.IntegerField(
            label=self.fields["pairs_per_clip"].label,
            min_value=1,
            max_value=self.asked.pairs,
            required=False,
            help_text=self.fields["pairs_per_clip"].help_text,
        )
        if not self.asked.tie:
            del self.fields["ties"]


class RatingPowerForm(PowerForm):
    """A design in which images are rated on a scale; effect and spreads are in its units."""

    share = None  # type: ignore[assignment]
    difference = forms.FloatField(
        label=gettext_lazy("Effect"),
        help_text=gettext_lazy(
            "difference of the mean ratings, of images of the first side, such as those from corrected tags, and of "
            "the others; 0 is no effect"
        ),
    )
    sd_residual = forms.FloatField(
        label=gettext_lazy("Spread between answers"),
        help_text=gettext_lazy("standard deviation of what is left, from one answer to the next"),
    )
    field_order = (
        *("participants", "clips", "difference", "spreads_from", "sd_participants", "sd_clips", "sd_residual"),
        *("target", "clips_per_participant", "drop_out"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lowest, highest = self.asked.lowest, self.asked.highest
        width = highest - lowest
        most = LARGEST_SHARE_OF_SCALE * width
        for name, value in usual_ratings(lowest, highest).items():
            least, largest = (
                (-most, most) if name == "difference" else (0.01 if name == "sd_residual" else 0, width / 2)
            )
            field = self.fields[name]
            self.fields[name] = forms.FloatField(
                label=field.label, min_value=least, max_value=largest, initial=value, help_text=field.help_text
            )
        spread = _("standard deviation of the ratings of one condition, on the scale from %(low)d to %(high)d")
        for name in ("sd_participants", "sd_clips"):
            self.fields[name].help_text = spread % {"low": lowest, "high": highest}


FORMS: Mapping[str, type[PowerForm]] = {"choose": PowerForm, "pair": PairPowerForm, "rate": RatingPowerForm}


def power_form(asked: PowerQuestion) -> type[PowerForm]:
    """Return the form for the kind of question that the study's plan names."""
    return FORMS[asked.kind]
