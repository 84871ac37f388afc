"""The public analysis JSON of a study with an instrument, from its ballot table and the plan.

With a question that asks for a first, or a first and a second choice, it is all that a study without an instrument
has, with the questions beside it. Otherwise what is said of choices alone is null.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.statistics.analysis import NOT_ASKED, analyse
from analysis.statistics.cautions import table_cautions
from analysis.statistics.design_checks import drop_out, position_balance
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.question_results import QuestionResult
from analysis.statistics.question_sensitivity import leave_one_clip_out, left_out, of_trials, without_known_pieces
from analysis.statistics.questions import Question, analyse_question, analyse_questions, primary_question
from analysis.tables.ballot_table import read_ballots
from analysis.tables.instrument_questions import questions_of
from analysis.tables.instrument_table import InstrumentTable, TrialRows, read_instrument_table
from analysis.tables.person_columns import cut_groups
from analysis.tables.question_json import (
    after_a_stop,
    analysis_of_questions_json,
    main_question_json,
    question_json,
    questions_json,
    sensitivity_json,
)
from analysis.tables.result_json import plain, to_json
from study.instruments.questions import Instrument
from study.instruments.reading import instrument_from


def plan_from_json(plan: Mapping[str, Any]) -> AnalysisPlan:
    """The plan of the statistics from that of `plan_of`."""
    factors = plan["factors"] and {key: tuple(keys) for key, keys in plan["factors"].items()}
    return AnalysisPlan(
        weights=tuple(plan["weights"]),
        factors=factors,
        alpha=plan["alpha"],
        seed=plan["seed"],
        sequential=plan.get("sequential", False),
        clips_per_participant=plan.get("clips_per_participant"),
        second_choice=plan.get("second_choice", "required"),
        smallest=plan.get("smallest"),
    )


def analyse_instrument(path: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of a ballot table that Earsight wrote, under a plan as `plan_of` returns it.

    Raises:
        TableError: the table cannot be read.
        StatisticsError: it holds nothing to analyse.
    """
    instrument, the_plan = instrument_from(plan["instrument"]), plan_from_json(plan)
    columns = [row["column"] for row in plan.get("moderators") or ()]
    table = read_instrument_table(path, tuple(plan["conditions"]), moderators=columns)
    questions = questions_of(table.rows, instrument, plan["points"])
    found = analyse_questions(questions, the_plan, primary=instrument.primary, moderators=_groups(table, plan))
    chooses = instrument.choose is not None and instrument.choose.ranks <= 2
    sensitivity = _sensitivity(table, instrument, plan, questions, found)
    if chooses:
        return _with_choices(path, plan, instrument, found, sensitivity)
    planned = plan["clips_per_participant"] * plan.get("trials_per_clip", 1)
    due = drop_out(table.rows, planned)
    data = analysis_of_questions_json(
        found,
        the_plan,
        primary=instrument.primary,
        n_participants=table.rows.p,
        n_clips=len(table.rows.clips),
        n_ballots=table.rows.n,
        n_excluded=table.n_excluded,
        due=due,
        sensitivity=sensitivity,
        warnings=[caution.text for caution in table_cautions(table.n_excluded, due)],
    )
    data["conditions"] = list(plan["conditions"])
    if instrument.pair is None:
        data["position_balance"] = plain(position_balance(table.rows))
    if instrument.choose is not None:
        data["counts"]["none_fits"] = int((table.rows.first < 0).sum())
    return data


def main_numbers_of_instrument(path: Path, plan: Mapping[str, Any], *, stopped: bool = False) -> dict[str, Any]:
    """The main numbers of people who are analysed apart, of the question that the plan names.

    `scores` are those of that question. Null if no question compares conditions.

    Raises:
        TableError: the table cannot be read.
        StatisticsError: it holds nothing to analyse.
    """
    instrument, the_plan = instrument_from(plan["instrument"]), plan_from_json(plan)
    rows = read_instrument_table(path, tuple(plan["conditions"])).rows
    counts = {"n_participants": rows.p, "n_clips": len(rows.clips), "n_ballots": rows.n}
    main = _main(questions_of(rows, instrument, plan["points"]), instrument)
    if main is None:
        return counts | {"primary": None, "scores": None}
    block = question_json(analyse_question(main, replace(the_plan, smallest=None)))
    block = after_a_stop(block) if stopped else block
    return counts | {"primary": block["primary"], "scores": block["scores"]}


def _with_choices(
    path: Path,
    plan: Mapping[str, Any],
    instrument: Instrument,
    found: Mapping[str, QuestionResult],
    sensitivity: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """All that is said of first and second choices, with the questions beside it."""
    assert instrument.choose is not None
    is_main = instrument.primary_key == instrument.choose.key
    the_plan = plan_from_json(plan)
    if instrument.choose.ranks == 1:
        the_plan = replace(the_plan, second_choice=NOT_ASKED)
    if not is_main:
        the_plan = replace(the_plan, smallest=None, sequential=False)
    table = read_ballots(
        path,
        tuple(plan["conditions"]),
        verbatim=True,
        moderators=[row["column"] for row in plan.get("moderators") or ()],
    )
    cuts = {row["column"]: row["cuts"] for row in plan.get("moderators") or ()}
    data = to_json(
        analyse(
            table.ballots,
            the_plan,
            n_excluded=table.n_excluded,
            with_excluded=table.all_ballots,
            n_known=table.n_known,
            without_known=table.without_known,
            moderators=cut_groups(table.groups(), cuts),
        )
    )
    stopped = bool((data["sequential"] or {}).get("stopped_at"))
    data |= questions_json(found, stopped=stopped) | main_question_json(found, instrument.primary)
    name = data["primary_question"]
    data["primary"] = data["questions"][name]["primary"]
    if not is_main:
        data["sensitivity"] = dict(sensitivity or {}) | {"weights": (data["sensitivity"] or {}).get("weights")}
        data["warnings"] += [text for text in data["questions"][name]["warnings"] if text not in data["warnings"]]
    return data


def _groups(table: InstrumentTable, plan: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Moderators: name → participant → group, numbers joined at the plan's cuts."""
    cuts = {row["column"]: row["cuts"] for row in plan.get("moderators") or ()}
    return {
        name: dict(zip(of_person, cut_groups({name: list(of_person.values())}, cuts)[name], strict=True))
        for name, of_person in table.moderators.items()
    }


def _main(questions: list[Question], instrument: Instrument) -> Question | None:
    return next((question for question in questions if question.name == instrument.primary_key), None)


def _sensitivity(
    table: InstrumentTable,
    instrument: Instrument,
    plan: Mapping[str, Any],
    questions: list[Question],
    found: Mapping[str, QuestionResult],
) -> dict[str, Any] | None:
    """How the main question's primary contrast changes if something is left out, or the excluded come in."""
    main, result = _main(questions, instrument), primary_question(found, instrument.primary)
    if main is None or result is None or result.scores is None:
        return None
    the_plan, rows = plan_from_json(plan), table.rows

    def of_rows(other: TrialRows) -> Question:
        again = _main(questions_of(other, instrument, plan["points"]), instrument)
        assert again is not None
        return again

    known = None
    if table.asks_of_pieces:
        some = bool(rows.knows.any()) and not bool(rows.knows.all())
        known = without_known_pieces(int(rows.knows.sum()), of_trials(main, ~rows.knows) if some else None, the_plan)
    excluded = []
    if table.every_row is not None:
        excluded = [left_out("with the excluded ballots", of_rows(table.every_row), the_plan)]
    return sensitivity_json(leave_one_clip_out(main, the_plan), excluded, known)
