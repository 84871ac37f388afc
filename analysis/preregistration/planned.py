"""A study as its plan fixes it, with the analysis JSON that the plan foresees, for the texts of a preregistration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import override

from analysis.report.context import AnswerLabels, ReportContext, condition_views
from analysis.study_results.analyses import plan_of
from analysis.study_results.planned_contrasts import PlannedContrast, condition_names, planned_contrasts
from analysis.study_results.registration import Registration, plan_digest_now, registration_of
from analysis.study_results.who_took_part import answer_labels
from study import texts
from study.ballots.table import counted_people
from study.instruments.of_study import instrument_of, is_classic, points_of
from study.models import Study
from study.participants.asked_of_design import AskedOfDesign, asked_of_design

if TYPE_CHECKING:
    from study.instruments.questions import Instrument

FEWEST_CLIPS = 5
RANDOM_EFFECTS_UP_TO = 3_000  # answers; beyond, the model is not fitted (analysis/statistics/analysis.py)


@dataclass(frozen=True)
class Planned:
    """What the texts of a preregistration are made of; read it with English as the current language.

    Attributes:
        study: with the settings that the plan fixes, whatever was changed since; never saved.
    """

    study: Study

    @cached_property
    def names(self) -> dict[str, str]:
        """The conditions' names by key."""
        return condition_names(self.study, list(self.study.conditions.order_by("number")))

    @cached_property
    def instrument(self) -> Instrument:
        return instrument_of(self.study)

    @cached_property
    def asked(self) -> AskedOfDesign:
        return asked_of_design(self.study, len(self.names))

    @cached_property
    def registration(self) -> Registration:
        return registration_of(self.study)

    @cached_property
    def contrasts(self) -> list[PlannedContrast]:
        return planned_contrasts(self.study)

    @property
    def people(self) -> int | None:
        return self.study.target_participants

    @cached_property
    def clips(self) -> int:
        """Clips of the study, without the practice trial's."""
        practice = set(self.study.clips.filter(is_practice=True).values_list("number", flat=True))
        fixed = self.study.plan.get("fixed")
        if fixed is not None and "clips" in fixed:
            return len({row["number"] for row in fixed["clips"]} - practice)
        return self.study.clips.filter(included=True, is_practice=False).count()

    @property
    def clips_each(self) -> int:
        """Clips that each participant hears."""
        return min(self.study.trials_per_participant or self.clips, self.clips)

    @property
    def answers_each(self) -> int:
        """Trials of a participant that are analysed, without hidden repeats."""
        return self.clips_each * self.asked.trials_per_clip

    @cached_property
    def answered(self) -> int:
        """People of the main stage who have answered anything so far."""
        return counted_people(self.study).filter(answered__gt=0).count()

    @cached_property
    def question(self) -> str:
        """The question of a choice as participants read it: in English if the study is offered in it."""
        languages = texts.languages_of(self.study)
        with override("en" if "en" in languages else languages[0]):
            return texts.question(self.study)

    @property
    def weights(self) -> tuple[float, ...]:
        """Points of each rank of a choice; empty if none is asked."""
        choose = self.instrument.choose
        return () if choose is None else points_of(self.study, choose)

    @property
    def has_optional_second(self) -> bool:
        choose = self.instrument.choose
        return choose is not None and choose.ranks > 1 and not self.study.second_choice_required

    @cached_property
    def digest(self) -> str:
        return plan_digest_now(self.study)

    @cached_property
    def context(self) -> ReportContext:
        """The names that sentences of the report need."""
        return ReportContext(
            title=self.study.title,
            conditions=condition_views(list(self.names), self.names),
            answer_labels=self.answer_labels,
        )

    @cached_property
    def answer_labels(self) -> Mapping[str, AnswerLabels]:
        return answer_labels(self.study)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The analysis JSON as far as the plan foresees it: which blocks there will be, and no result."""
        return _foreseen(self)


def planned_study(study: Study) -> Planned:
    """Return the study as its plan fixes it; a draft as it is."""
    fixed = study.plan.get("fixed")
    if fixed is None:
        return Planned(study)
    row = copy(study)
    for name, value in (fixed.get("design") or {}).items():
        setattr(row, name, value)
    if "weights" in fixed:
        row.weight_first, row.weight_second = (Decimal(str(each)) for each in fixed["weights"])
    if "alpha" in fixed:
        row.alpha = Decimal(str(fixed["alpha"]))
    if "questions" in fixed:
        row.questions_before, row.questions_after = (fixed["questions"][part] for part in ("before", "after"))
    row.instrument = fixed.get("instrument", {})
    row.plan = study.plan | {"analysis": fixed.get("analysis", {})}
    return Planned(row)


def _foreseen(planned: Planned) -> dict[str, Any]:
    # Imported here: it loads NumPy, and the console imports this module.
    from analysis.statistics.plan_and_result import AnalysisPlan

    study, plan, draws = planned.study, plan_of(planned.study), AnalysisPlan().draws
    people, each, keys = planned.people or 0, planned.answers_each, list(planned.names)
    data: dict[str, Any] = {
        "conditions": keys,
        "factors": plan["factors"] or {},
        "n_participants": people,
        "n_clips": planned.clips,
        "n_ballots": people * each,
        "counts": {"repeats": 0},
        "effective_clips": planned.clips,
        "draws": draws,
        "seed": plan["seed"],
    }
    main = planned.instrument.primary_key
    if planned.instrument.choose is not None and planned.instrument.choose.ranks <= 2:
        data |= _of_choices(planned, draws) | _tests(planned, planned.instrument.choose.key)
    if not is_classic(study):
        data["questions"] = dict(_blocks(planned))
        data["primary_question"] = main or None
    return data


def _of_choices(planned: Planned, draws: int) -> dict[str, Any]:
    """The blocks of first and second choices alone."""
    seconds, keys = len(planned.weights) > 1, list(planned.names)
    few = (planned.people or 0) * planned.answers_each <= RANDOM_EFFECTS_UP_TO
    return {
        "weights": [*planned.weights, 0.0][:2],
        "second_choice": "not asked" if not seconds else "optional" if planned.has_optional_second else "required",
        "friedman": {"planned": True},
        "pairwise": [{"wilcoxon": {"p": 1.0}}],
        "permutation": {"draws": draws},
        "scores": {key: {"ci95": [0.0, 0.0], "second": int(seconds)} for key in keys},
        "plackett_luce": {"separated": []},
        "random_effects": {"converged": few},
    }


def _tests(planned: Planned, question: str) -> dict[str, Any]:
    """The primary contrast of a question and those after it; none over too few clips."""
    names = [each.contrast for each in planned.contrasts if each.question == question and each.kind != "pair"]
    if not names or planned.clips < FEWEST_CLIPS:
        return {"primary": None, "secondary": []}
    return {"primary": {"contrast": names[0]}, "secondary": [{"contrast": name} for name in names[1:]]}


def _blocks(planned: Planned) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each question and scale of the instrument by its key."""
    instrument, compared = planned.instrument, planned.instrument.comparing()
    scales = {scale.key for _rate, scale in instrument.scales()}
    kinds = {question.key: question.kind for question in instrument.questions}
    factors = plan_of(planned.study)["factors"] or {}
    names = instrument.keys()
    for key in names:
        if key not in compared:
            yield key, {"kind": kinds.get(key, "confidence")}
            continue
        block: dict[str, Any] = {
            "kind": "rate" if key in scales else kinds[key],
            "conditions": list(planned.names),
            "factors": factors,
            "scores": {name: {"ci95": [0.0, 0.0]} for name in planned.names},
            "worths": {} if key in scales else {"planned": True},
            **_tests(planned, key),
        }
        if block["primary"] and (not instrument.primary or key != instrument.primary) and len(compared) > 1:
            block["primary"] = block["primary"] | {"p_holm": 1.0}
        yield key, block
