"""The effects that simulated people have, by question, as numbers and in words: what an analysis has to find again."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import percent, plain
from analysis.study_results.factors import factors_of
from study.instruments.of_study import instrument_of, points_of
from study.models import Study
from study.simulation.chosen_preference import ChosenPreference
from study.simulation.expectation import Expected, expected_answers
from study.simulation.preferences import PreferenceModel


def true_effects(study: Study, model: PreferenceModel) -> dict[str, Expected]:
    """Return what the model lets expect of each question of the study that compares images."""
    instrument, conditions = instrument_of(study), list(study.conditions.order_by("number"))
    return expected_answers(
        instrument,
        {key: {row.key: model.worth_of(row, key) for row in conditions} for key in instrument.keys()},  # noqa: SIM118
        person_sd=model.person_sd,
        clip_sd=model.clip_sd,
        habits=model.habits,
        points=points_of(study, instrument.choose) if instrument.choose else (),
        contrasts=factors_of(conditions) or {},
    )


def model_of(study: Study, preference: ChosenPreference) -> PreferenceModel:
    """Return the chosen preference as the model that simulated people answer by."""
    worth = {row.key: preference.worth_of(row.key, row.levels) for row in study.conditions.all()}
    return PreferenceModel(worth=worth, person_sd=preference.person_sd, clip_sd=preference.clip_sd)


def effects_in_words(
    study: Study, expected: Mapping[str, Expected], labels: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield a line for each question: its unit, the mean of each condition, and the contrasts.

    Args:
        labels: names of the conditions by key; None: the keys.
    """
    names = labels or {}
    scales = {scale.key: scale for _question, scale in instrument_of(study).scales()}
    units = {"choose": _("points of a trial"), "pair": _("1 for a pair that is won, ½ for a tie")}
    for key, one in expected.items():
        if one.means:
            scale = scales.get(key)
            unit = f"{scale.lowest}–{scale.highest}" if scale else units[one.kind]
            parts = [f"{names.get(condition, condition)} {plain(mean)}" for condition, mean in one.means.items()]
            parts += [
                f"{contrast_name(name)} {'+' if value > 0 else ''}{plain(value)}"
                for name, value in one.contrasts.items()
            ]
            yield f"{key} ({unit}): {'; '.join(parts)}"
        for condition, shares in one.shares.items():
            picked = ", ".join(f"{option} {percent(share)}" for option, share in shares.items())
            yield f"{key}, {names.get(condition, condition)}: {picked}"
