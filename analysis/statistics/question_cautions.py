"""Warnings about the answers to a question that belong beside its numbers.

`analysis.report.text.translated_warnings` knows every sentence here by its pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.statistics.cautions import NO_SPREAD, ONE_PARTICIPANT, clip_cautions
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.question_results import QuestionResult
from analysis.statistics.results import Caution

OF_CHOSEN = Caution(
    "of_chosen",
    "Only images that a person had chosen were rated: the numbers are of chosen images, and a condition that was "
    "seldom chosen is judged by those few.",
)


def question_cautions(result: QuestionResult, plan: AnalysisPlan) -> Iterator[Caution]:
    """What a reader must know about the numbers given to images, the most important first."""
    if result.n_participants == 1:
        yield ONE_PARTICIPANT
    yield from clip_cautions(result)
    if result.primary is not None and result.primary.p is None:
        yield NO_SPREAD
    if result.n_repeats and plan.repeats == "all":
        yield Caution(
            "repeated_trials",
            f"Trials that repeat an earlier one of the same person: {result.n_repeats}. They count in means and "
            "worths; in the tests for new clips they are averaged with that person's other answers to the clip.",
        )
    scores = result.scores
    if scores is not None:
        names = [name for name, n in zip(result.conditions, scores.answers, strict=True) if not n]
        if names:
            yield Caution("no_numbers", f"Nobody gave a number to {', '.join(names)}: nothing is said about it.")
    yield from _unsaid(result)
    test = result.primary or (result.these_clips[0] if result.these_clips else None)
    if test is not None and test.left_out:
        yield Caution(
            "left_out_of_contrast",
            "Trials without a number on one side, which do not enter the primary contrast: "
            f"{test.left_out} of {result.n_trials}.",
        )
    use = result.scale_use
    if use is not None and use.one_number:
        yield Caution(
            "one_number",
            f"People who gave one and the same number every time, at least {use.least} times: "
            f"{use.one_number} of {use.participants}.",
        )


def unnamed_main_question(found: Mapping[str, QuestionResult], primary: str) -> Iterator[Caution]:
    """Yield that nobody named the main question and the first is taken, if others compare conditions as well.

    `primary`: the question that was named, "" for none.
    """
    compared = [name for name, result in found.items() if result.scores is not None]
    if not primary and len(compared) > 1:
        yield Caution(
            "unnamed_main_question",
            f"No main question is named: the primary contrast is that of “{compared[0]}”, the first of the "
            f"{len(compared)} questions that compare conditions. Name the one that was planned.",
        )


def _unsaid(result: QuestionResult) -> Iterator[Caution]:
    unsaid = result.cannot_say
    if unsaid is None:
        return
    if unsaid.test is not None and unsaid.test.p < 0.05:
        most = max(range(len(unsaid.counts)), key=lambda i: unsaid.counts[i] / max(unsaid.asked[i], 1))
        yield Caution(
            "cannot_say_differs",
            "People could not say more often of some conditions than of others, most often of "
            f"{result.conditions[most]} ({unsaid.counts[most]} of {unsaid.asked[most]}): the numbers that are missing "
            "may be missing for a reason.",
        )
    else:
        yield Caution(
            "cannot_say",
            f"Images of which people could not say: {sum(unsaid.counts)} of {sum(unsaid.asked)}. They are in no mean.",
        )
