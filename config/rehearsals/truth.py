"""The effects that simulated people have, by question, as numbers and in words: what an analysis has to find again."""

from collections.abc import Iterator, Mapping

from analysis.report.text.contrast_names import contrast_name
from analysis.study_results.factors import factors_of
from study.instruments.of_study import instrument_of, points_of
from study.instruments.questions import Rate
from study.models import Study
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


def effects_in_words(study: Study, expected: Mapping[str, Expected]) -> Iterator[str]:
    """Yield a line for each question: its unit, the mean of each condition, and the contrasts."""
    ends = {
        scale.key: f"{scale.lowest} to {scale.highest}"
        for question in instrument_of(study).questions
        if isinstance(question, Rate)
        for scale in question.scales
    }
    units = {"choose": "points of a trial", "pair": "1 for each pair won, ½ for a tie"}
    for key, one in expected.items():
        unit = f"{ends[key]}" if key in ends else units.get(one.kind, "")
        if one.means:
            means = ", ".join(f"{condition} {mean:.2f}" for condition, mean in one.means.items())
            contrasts = "".join(f"; {contrast_name(name)} {value:+.2f}" for name, value in one.contrasts.items())
            yield f"{key} ({unit}): {means}{contrasts}"
        for condition, shares in one.shares.items():
            picked = ", ".join(f"{option} {100 * share:.0f} %" for option, share in shares.items())
            yield f"{key}, images of {condition}: {picked}"
