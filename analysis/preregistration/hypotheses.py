"""The hypotheses of a plan in words: what is compared, by which measure, in which direction."""

from django.utils.translation import gettext_lazy as _

from analysis.preregistration.answers import Answer, Missing, paragraphs
from analysis.preregistration.planned import Planned
from analysis.study_results.planned_contrasts import LESS, MORE, PlannedContrast
from study.instruments.words import name_of_answer

NO_QUESTION = Missing(_("the research question in your own words"), "study_preregister")


def research_question(planned: Planned) -> Answer:
    """The researchers' question and what their study is about."""
    own = planned.registration.answers.get("question", "")
    return Answer(paragraphs([own, planned.study.description]), () if own else (NO_QUESTION,))


def hypotheses(planned: Planned) -> Answer:
    """Every hypothesis with its number, the primary one first."""
    if not planned.contrasts:
        return Answer(
            "No hypothesis about the conditions is tested: no question of the trials compares images by numbers. The "
            "study describes the answers."
        )
    expected = planned.registration.directions
    lines = [
        f"H{number} ({_role(planned, contrast)}, {'directional' if contrast.key in expected else 'non-directional'}): "
        f"{hypothesis(planned, contrast, expected.get(contrast.key, ''))}"
        for number, contrast in enumerate(planned.contrasts, start=1)
    ]
    tested = (
        "Every test is two-sided. A directional hypothesis is supported by a significant difference in its direction; "
        "a significant difference in the other direction contradicts it."
        if expected
        else "Every test is two-sided."
    )
    return Answer(paragraphs([*lines, tested]))


def hypothesis(planned: Planned, contrast: PlannedContrast, direction: str) -> str:
    """One hypothesis as a sentence."""
    measure = measure_of(planned, contrast.question)
    high, low = (contrast.low, contrast.high) if direction == LESS else (contrast.high, contrast.low)
    if contrast.kind == "interaction":
        if direction in (MORE, LESS):
            return f"{_first_up(high)} is larger than {low}, in {measure}."
        return f"{_first_up(high)} differs from {low}, in {measure}."
    if contrast.kind == "pair":
        high, low = f"images of “{high}”", f"images of “{low}”"
    if direction in (MORE, LESS):
        return f"{_first_up(high)} get higher {measure} than {low}."
    return f"{_first_up(high)} and {low} differ in their {measure}."


def measure_of(planned: Planned, question: str) -> str:
    """By what a question compares images."""
    instrument = planned.instrument
    scale = next((scale for _rate, scale in instrument.scales() if scale.key == question), None)
    if scale is not None:
        name = name_of_answer(instrument, question, planned.question)
        return f"mean ratings on “{name}” ({scale.lowest} to {scale.highest})"
    if instrument.pair is not None and instrument.pair.key == question:
        return "points of a comparison (1 for the image chosen, ½ each for a tie)"
    if planned.has_optional_second:
        return "points per answer of the first choice alone, as the second may be left out"
    points = " and ".join(filter(None, (", ".join(f"{each:g}" for each in planned.weights[:-1]), _last(planned))))
    ranks = "the choice" if len(planned.weights) == 1 else f"the {_ranks(len(planned.weights))}"
    return f"points per answer ({points} for {ranks})"


def _last(planned: Planned) -> str:
    return f"{planned.weights[-1]:g}"


def _ranks(number: int) -> str:
    return {2: "first and the second choice"}.get(number, f"first to the {number}th choice")


def _role(planned: Planned, contrast: PlannedContrast) -> str:
    if contrast.kind == "pair":
        return "one of the pairs"
    if contrast.question != planned.instrument.primary_key:
        return "of another question"
    return "primary" if contrast.is_primary else "secondary"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
