"""The public analysis JSON of a long table: ratings, pairs, ranks, or all answers of a study.

Loads SciPy; the web process must not import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import NONE, Ballots
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.questions import Question, analyse_questions
from analysis.statistics.rankings import Rankings
from analysis.tables.errors import TableError
from analysis.tables.long_rows import LongTable
from analysis.tables.person_columns import group_label
from analysis.tables.question_json import analysis_of_questions_json, main_question_json, questions_json
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
    choice = next((question for question in table.questions if _is_short(question)), None)
    if choice is not None:
        assert isinstance(choice.data, Rankings)
        weights = plan.weights if choice.data.depth > 1 else (plan.weights[0], 0.0)
        plan = replace(plan, weights=weights)
        with_points = replace(choice, points=weights[: choice.data.depth])
        questions = [with_points if question is choice else question for question in table.questions]
    else:
        questions = [*table.questions]
    found = analyse_questions(questions, plan, primary=primary, moderators=groups)
    if choice is None:
        data = analysis_of_questions_json(
            found,
            plan,
            primary=primary,
            n_participants=table.participants,
            n_clips=table.clips,
            n_ballots=table.trials,
            n_excluded=table.excluded,
        )
    else:
        data = _of_choices(choice.data, plan, table, groups)
        data |= main_question_json(found, primary or choice.name) | questions_json(found)
    data["warnings"] = [*table.notes, *data["warnings"]]
    return data


def _is_short(question: Question) -> bool:
    """Whether a question asks for first choices, or for first and second ones."""
    return isinstance(question.data, Rankings) and question.data.depth <= 2


def _of_choices(
    rankings: Rankings, plan: AnalysisPlan, table: LongTable, groups: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    ballots = rankings.to_ballots()
    if table.placed:
        ballots = replace(
            ballots,
            position_first=_position(ballots, ballots.first),
            position_second=_position(ballots, ballots.second),
        )
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
