"""Warnings about the ballots that belong beside the numbers.

`analysis.report.text.translated_warnings` knows every sentence here by its pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from analysis.statistics import results
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.design_results import DropOut
from analysis.statistics.plan_and_result import AnalysisResult

ADVISED_CLIPS = 12

ONE_PARTICIPANT = results.Caution(
    "one_participant",
    "There is one participant: no interval or test can speak for other people. Ask more people.",
)
NO_SPREAD = results.Caution(
    "no_spread",
    "Every ballot shows the same difference: there is no spread to test against, so no p value is given.",
)

NO_WORTHS = results.Caution(
    "no_worths",
    "The choices do not compare all conditions with each other, so Plackett–Luce worths do not exist.",
)


class AboutClips(Protocol):
    """A result that may speak of new clips."""

    @property
    def n_participants(self) -> int: ...
    @property
    def n_clips(self) -> int: ...
    @property
    def effective_clips(self) -> float: ...
    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def primary(self) -> results.ContrastTest | None: ...


def cautions(
    result: AnalysisResult, *, jackknife_exact: bool, moderators_wanted: bool = False
) -> Iterator[results.Caution]:
    """What a reader must know about these ballots, the most important first.

    `jackknife_exact`: whether the worths were refitted without each participant (see `jackknife_estimates`).
    """
    if result.n_participants == 1:
        yield ONE_PARTICIPANT
    yield from clip_cautions(result)
    if result.primary is not None and result.primary.p is None:
        yield NO_SPREAD
    if result.friedman is None and result.skillings_mack is None and result.n_participants > 1:
        yield results.Caution(
            "all_ties", "All conditions tie for every participant: rank and permutation tests do not apply."
        )
    stopped = result.sequential is not None and result.sequential.stopped_at is not None
    if result.plackett_luce is None:
        yield NO_WORTHS
    else:
        yield from worth_cautions(result.plackett_luce, jackknife_exact=jackknife_exact, stopped=stopped)
    if moderators_wanted and result.primary is None:
        yield results.Caution(
            "no_contrast_to_moderate",
            "Groups of people are not compared: that needs a primary contrast, which these conditions do not have.",
        )
    if result.n_none_fits:
        yield results.Caution(
            "none_fits",
            f"On {result.n_none_fits} of {result.n_ballots} ballots none of the images fitted; they count as "
            "ballots that give no points.",
        )
    if result.n_without_second:
        yield results.Caution(
            "no_second",
            f"Ballots without a second choice: {result.n_without_second} of {result.n_ballots}.",
        )
    if result.n_repeats and result.plan.repeats == "all":
        yield results.Caution(
            "repeats",
            f"Ballots that repeat a clip for the same person: {result.n_repeats}. They count in points and worths; "
            "in the tests for new clips each is averaged with the trial it repeats.",
        )
    yield from table_cautions(result.n_excluded, result.drop_out)
    yield from _exposure_cautions(result)
    if result.plan.sequential and result.sequential is not None and result.sequential.stopped_at:
        yield results.Caution(
            "stopped_early",
            f"The plan's e-process stopped at participant {result.sequential.stopped_at}: ordinary p values and "
            "intervals are not valid after an early stop, and estimates at a stop tend to be too large.",
        )


def table_cautions(n_excluded: int, found: DropOut | None) -> Iterator[results.Caution]:
    """Which ballots are not there, whatever they were asked; `found`: None if it is not known how many were due."""
    if n_excluded:
        yield results.Caution("excluded", f"Ballots excluded from everything here: {n_excluded}.")
    if found is not None and found.missing_ballots:
        yield results.Caution(
            "missing",
            f"Missing ballots: {found.missing_ballots} of {found.due}. "
            "The test for new clips allows for that, if the reasons have nothing to do with the images.",
        )
        if found.assumed:
            yield results.Caution(
                "due_assumed",
                "How many ballots each person was due is not known; everybody is counted as due as many as the person "
                "who answered most.",
            )


def clip_cautions(result: AboutClips) -> Iterator[results.Caution]:
    """Whether the clips are enough to speak of new ones."""
    if result.n_clips == 1:
        yield results.Caution(
            "one_clip",
            f"There is one clip: nothing can be said about new clips. Add clips, at least {ADVISED_CLIPS} are advised.",
        )
    elif result.n_clips < FEWEST_CLIPS:
        yield results.Caution(
            "too_few_clips",
            f"There are {result.n_clips} clips: nothing is said about new clips, because tests over fewer than "
            f"{FEWEST_CLIPS} reject too often. Add clips, at least {ADVISED_CLIPS} are advised.",
        )
    elif result.effective_clips < FEWEST_CLIPS - 1e-9:
        yield results.Caution(
            "unequal_clips",
            f"The {result.n_clips} clips have such unequal numbers of ballots that they weigh as "
            f"{result.effective_clips:.1f}: nothing is said about new clips, because tests over fewer than "
            f"{FEWEST_CLIPS} reject too often. Collect ballots on the clips that have few.",
        )
    elif result.n_clips < ADVISED_CLIPS:
        yield results.Caution(
            "few_clips",
            f"There are {result.n_clips} clips; at least {ADVISED_CLIPS} are advised before speaking of new "
            f"clips. A sign-flip test over {result.n_clips} clips cannot go below p = 2/{2**result.n_clips}.",
        )
    if (
        result.factors
        and result.primary is None
        and result.n_participants > 1
        and result.effective_clips >= FEWEST_CLIPS - 1e-9
    ):
        yield results.Caution("no_primary", "The primary test needs participants who answered several common clips.")


def _exposure_cautions(result: AnalysisResult) -> Iterator[results.Caution]:
    if result.exposure is None:
        return
    if result.exposure.unequal:
        most, least = max(result.exposure.shown), min(result.exposure.shown)
        names = [c for c, n in zip(result.conditions, result.exposure.shown, strict=True) if n == least]
        yield results.Caution(
            "unequal_exposure",
            f"Ballots that showed {', '.join(names)}: {least}; the condition shown most: {most}. Points are counted "
            "per showing, and a ballot enters a comparison only if it showed images of both sides.",
        )
    if result.primary is not None and result.primary.left_out:
        yield results.Caution(
            "left_out_of_primary",
            "Ballots that showed no image of one side and do not enter the primary contrast: "
            f"{result.primary.left_out} of {result.n_ballots}.",
        )


def worth_cautions(
    fit: results.PlackettLuce, *, jackknife_exact: bool, stopped: bool = False
) -> Iterator[results.Caution]:
    """What a reader must know about worths. `stopped`: after an early stop, when no bounds are given."""
    if fit.penalised:
        names = ", ".join(fit.separated)
        yield results.Caution(
            "separated",
            f"Nobody, or everybody, preferred {names} to the rest: its worth has no finite estimate. The worths "
            "shown are penalised (Firth, Jeffreys) with profile intervals and no robust errors.",
        )
        for bound in () if stopped else fit.bounds:
            yield results.Caution("bound", bound.text)
    if not fit.converged:
        yield results.Caution("not_converged", "The Plackett–Luce fit did not converge; do not use its worths.")
    if not jackknife_exact:
        yield results.Caution(
            "jackknife_step",
            "Without one participant the worths would be separated; for that participant the jackknife uses one "
            "Newton step.",
        )
