"""The public analysis JSON of a long table: ratings, pairs, ranks, or all answers of a study.

Loads SciPy; the web process must not import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.statistics.analysis import NOT_ASKED, analyse
from analysis.statistics.ballots import NONE, Ballots
from analysis.statistics.cautions import table_cautions
from analysis.statistics.design_checks import drop_out
from analysis.statistics.errors import DesignError
from analysis.statistics.pairs import Pairs
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.question_cautions import unnamed_main_question
from analysis.statistics.question_sensitivity import leave_one_clip_out
from analysis.statistics.questions import Question, analyse_questions, primary_question
from analysis.statistics.rankings import Rankings
from analysis.statistics.values import Values
from analysis.tables.errors import TableError
from analysis.tables.long_rows import LongTable
from analysis.tables.person_columns import group_label
from analysis.tables.question_json import (
    analysis_of_questions_json,
    main_question_json,
    questions_json,
    sensitivity_json,
)
from analysis.tables.result_json import to_json


def analyse_long_table(
    table: LongTable,
    plan: AnalysisPlan,
    *,
    primary: str = "",
    cuts: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Analyse the questions of a table. First and second choices also get the analysis that ballots get.

    Args:
        plan: `weights` are the points of the first and second of at most two ranks.
        primary: the question whose contrast is the primary one; empty: the first that compares conditions.
        cuts: of each moderator, the rising numbers at which a new group begins.

    Raises:
        StatisticsError: a question holds nothing to analyse, or options and table do not fit.
        TableError: a moderator with cuts has a value that is no number.
    """
    groups = _groups(table, cuts or {})
    _refuse_two_choices(table)
    choice = next((question for question in table.questions if _is_short(question)), None)
    questions = [_with_weights(question, plan) if question is choice else question for question in table.questions]
    found = analyse_questions(questions, plan, primary=primary, moderators=groups)
    result = primary_question(found, primary)
    main = next((question for question in questions if result is not None and question.name == result.name), None)
    sensitivity = None if main is None else sensitivity_json(leave_one_clip_out(main, plan))
    if choice is None:
        due = None if main is None else drop_out(_compared(main))
        data = analysis_of_questions_json(
            found,
            plan,
            primary=primary,
            n_participants=table.participants,
            n_clips=table.clips,
            n_ballots=table.trials,
            n_excluded=table.excluded,
            due=due,
            sensitivity=sensitivity,
            warnings=[caution.text for caution in table_cautions(table.excluded, due)],
        )
        if main is not None and isinstance(main.data, Rankings):
            data["counts"]["none_fits"] = int((main.data.ranks[:, 0] == NONE).sum())
    else:
        assert main is not None, "a question that ranks images compares conditions"
        data = _of_choices(choice, plan, table, groups, is_main=main.name == choice.name)
        data |= main_question_json(found, primary) | questions_json(found)
        data["primary"] = data["questions"][main.name]["primary"]
        if main.name != choice.name:
            data["sensitivity"] = dict(sensitivity or {}) | {"weights": (data["sensitivity"] or {}).get("weights")}
            data["warnings"] += data["questions"][main.name]["warnings"]
    unnamed = [caution.text for caution in unnamed_main_question(found, primary)]
    data["warnings"] = [*unnamed, *table.notes, *data["warnings"]]
    return data


def _refuse_two_choices(table: LongTable) -> None:
    """Refuse a second question that ranks images, whose answer a report would tell by the points of the first."""
    choices = [question.name for question in table.questions if isinstance(question.data, Rankings)]
    if len(choices) > 1:
        raise DesignError(
            f"the table has {len(choices)} questions that choose images, '{choices[0]}' and '{choices[1]}'; analyse "
            "the rows of one at a time."
        )


def _is_short(question: Question) -> bool:
    """Whether a question asks for first choices, or for first and second ones."""
    return isinstance(question.data, Rankings) and question.data.depth <= 2


def _with_weights(question: Question, plan: AnalysisPlan) -> Question:
    return replace(question, points=plan.weights[: _ranked(question).depth])


def _ranked(question: Question) -> Rankings:
    assert isinstance(question.data, Rankings)
    return question.data


def _compared(question: Question) -> Values | Pairs | Rankings:
    assert isinstance(question.data, Values | Pairs | Rankings)
    return question.data


def _of_choices(
    question: Question,
    plan: AnalysisPlan,
    table: LongTable,
    groups: Mapping[str, Mapping[str, str]],
    *,
    is_main: bool,
) -> dict[str, Any]:
    """The analysis that ballots get, of one or two ranks."""
    rankings = _ranked(question)
    ballots = rankings.to_ballots()
    if table.placed:
        places = [_position(ballots, choice) for choice in (ballots.first, ballots.second)]
        ballots = replace(ballots, position_first=places[0], position_second=places[1])
    if rankings.depth == 1:
        plan = replace(plan, weights=(plan.weights[0], 0.0), second_choice=NOT_ASKED)
    if not is_main:
        plan = replace(plan, smallest=None)
    moderators = {name: [of[person] for person in ballots.participants] for name, of in groups.items()}
    return to_json(analyse(ballots, plan, n_excluded=table.excluded, moderators=moderators))


def _position(ballots: Ballots, choice: np.ndarray) -> np.ndarray:
    """The position of each choice from 1; 0 without one."""
    assert ballots.order is not None
    place = (ballots.order == choice[:, None]).argmax(axis=1) + 1
    return np.where(choice == NONE, 0, place).astype(np.int32)


def _groups(table: LongTable, cuts: Mapping[str, Sequence[float]]) -> dict[str, dict[str, str]]:
    """Moderator → participant → group, numbers joined at the cuts."""
    try:
        return {
            name: {person: group_label(value, cuts.get(name, ())) for person, value in of.items()}
            for name, of in table.moderators.items()
        }
    except ValueError as error:
        raise TableError(f"a moderator begins groups at numbers, but a value is none: {error}.") from error
