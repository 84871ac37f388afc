"""The tables of a deposit, written to disk: of people only what may be told, under new codes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from analysis.tables.participant_table import about_columns, joined_columns, person_facts, rules_that_exclude
from analysis.tables.study_tables import (
    answers_table,
    ballots_table,
    match_control_csv,
    other_stages,
    settle_people,
)
from config.deposits import paths
from config.deposits.tables import columns as described
from config.deposits.tables.clips_and_images import CAN_BE_LEFT_OUT, CLIP_REASONS, NOTES, write_making
from config.deposits.tables.people import keeps_order, new_codes, write_by_person
from config.deposits.tables.table import Table, read_table
from study.ballots.long_table import LONG_COLUMNS
from study.ballots.table import CONTENT, columns_of
from study.instruments.content import canonical_content
from study.instruments.of_study import instrument_of, is_classic
from study.models import Study, StudyStage
from study.participants.answers_table import AnswerColumn, answer_columns, iterate_answers
from study.participants.moderators import planned_moderators

# What no deposit tells: times by which a platform's list could name people, and what receipts and the chain need.
_NEVER = frozenset({"answered_at", "nonce", "digest"})
_NEVER_OF_PEOPLE = frozenset({"started_at", "completed_at", "slot", "settings_digest"})
# What the analysis needs of every study.
_NEEDED = frozenset(
    {
        *("participant", "clip", "first", "second", "repeat", "trial", "position_first", "position_second", "excluded"),
        *("none_fits", "order", "knows_piece", CONTENT, "kind", "status", "stage", "study_version"),
    }
)


class Tables:
    """The tables of a study's deposit.

    Args:
        left_out: keys ("participants.csv:before_age", "participants.csv:before_age+device") of columns that the
            researchers leave out; other keys mean nothing here.
    """

    def __init__(self, study: Study, left_out: Iterable[str] = ()) -> None:
        self.study, self.left_out = study, frozenset(chain.from_iterable(map(_columns_of, left_out)))

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """The code of each person in the deposit by that in the study."""
        return new_codes(self.study)

    def write(self, folder: Path) -> Iterator[Table]:
        """Write each table below `folder`, and yield it then."""
        (folder / paths.BALLOTS).parent.mkdir(exist_ok=True)
        settle_people(self.study)
        yield self._participants(folder)
        for stage in (StudyStage.MAIN, *other_stages(self.study)):
            yield self._ballots(folder, stage)
            if not is_classic(self.study):
                yield self._answers(folder, stage)
            if self.study.match_controls:
                yield self._match_control(folder, stage)
        yield from write_making(self.study, folder, self.left_out)

    def can_be_left_out(self) -> list[str]:
        """The keys of all that may be left out, in the order of the tables."""
        people = [*self._about(), *(column.name for column in answer_columns(self.study))]
        found = [f"participants.csv:{name}" for name in people]
        found += [f"ballots.csv:{name}" for name in self._of_ballots() if name not in people]
        found = [key for key in found if key.rpartition(":")[2] not in _NEEDED]
        return [*found, *(f"answers.csv:{key}" for key in self.words), *CAN_BE_LEFT_OUT]

    @property
    def moderators_left_out(self) -> list[str]:
        """The plan's moderators that are left out: the analysis of the deposit is without them."""
        return [row["column"] for row in planned_moderators(self.study) if self._is_out(row["column"])]

    def without_what_is_left_out(self) -> Study:
        """The study as texts of the deposit are made from it: they say nothing of what its tables keep back."""
        shown = copy(self.study)
        columns = (column.name for column in answer_columns(self.study))
        shown.hidden_answers = frozenset(name for name in columns if self._is_out(name))
        shown.hides_reasons = True
        shown.hides_clip_reasons = CLIP_REASONS in self.left_out
        shown.hides_seed = not keeps_order(self.study)
        return shown

    @cached_property
    def words(self) -> list[str]:
        """The keys of the questions of a trial that people answer in their own words."""
        return [question.key for question in instrument_of(self.study).questions if question.kind == "text"]

    @cached_property
    def free_text(self) -> dict[str, list[str]]:
        """By table the columns in somebody's own words that are not left out; of answers the questions."""
        found = {
            "participants.csv": [column.name for column in self._answer_columns() if column.is_personal_text],
            "ballots.csv": [name for name in self._of_ballots() if name == "reason" and not self._is_out(name)],
            "answers.csv": [key for key in self.words if key not in self._words_out],
            **{table: [name] for table, name in NOTES if f"{table}:{name}" not in self.left_out},
        }
        return {table: names for table, names in found.items() if names}

    # What stands in each table.

    def _is_out(self, name: str) -> bool:
        keys = {f"participants.csv:{name}", f"ballots.csv:{name}"}  # what people said stands in both
        return name not in _NEEDED and not keys.isdisjoint(self.left_out)

    @property
    def _words_out(self) -> list[str]:
        return [key for key in self.words if f"answers.csv:{key}" in self.left_out]

    def _about(self) -> list[str]:
        return [name for name in about_columns(self.study) if name not in _NEVER_OF_PEOPLE]

    def _of_ballots(self) -> list[str]:
        never = _NEVER if self.study.ask_reason else _NEVER | {"reason"}
        return [name for name in columns_of(self.study) if name not in never]

    def _answer_columns(self) -> list[AnswerColumn]:
        return [column for column in answer_columns(self.study) if not self._is_out(column.name)]

    def _participants(self, folder: Path) -> Table:
        about = tuple(name for name in self._about() if not self._is_out(name))
        answers = self._answer_columns()
        people = (
            (row.participant.code, [[*_facts(row.participant, about), *_cells(row.values, answers)]])
            for row in iterate_answers(self.study)
        )
        header = [*about, *(column.name for column in answers)]
        write_by_person(folder / paths.PARTICIPANTS, header, people, self.codes)
        return Table(
            path=paths.PARTICIPANTS,
            name="participants.csv",
            title="Participants",
            description="One row for each person who began, with what they answered beside the trials.",
            columns=described.participant_columns(self.study, about, tuple(answers)),
            key=("participant",),
        )

    def _ballots(self, folder: Path, stage: StudyStage) -> Table:
        path, names = _path_of(paths.BALLOTS, stage), [name for name in self._of_ballots() if not self._is_out(name)]
        answers = [column for column in joined_columns(self.study) if not self._is_out(column.name)]
        header, people = ballots_table(self.study, stage=stage)
        kept = [*names, *(column.name for column in answers)]
        places = [list(header).index(name) for name in kept]
        content = kept.index(CONTENT) if CONTENT in kept and self._words_out else None

        def row_of(row: Sequence[Any]) -> list[Any]:
            cells = [row[place] for place in places]
            if content is not None:
                cells[content] = self._without_words(cells[content])
            return cells

        by_code = ((str(rows[0][0]), map(row_of, rows)) for _number, rows in people)
        write_by_person(folder / path, kept, by_code, self.codes)
        return Table(
            path=path,
            name="ballots.csv",
            title="Ballots" + _of_stage(stage),
            description="One row for each answered trial, with what the person said beside the trials.",
            columns=described.ballot_columns(self.study, tuple(names), tuple(answers)),
            key=("participant", "trial"),
        )

    def _without_words(self, content: str) -> str:
        given = json.loads(content) if content else {}
        out = {key: described.WORDS_LEFT_OUT for key in self._words_out if given.get(key)}
        return canonical_content(given | out)

    def _answers(self, folder: Path, stage: StudyStage) -> Table:
        path, out = _path_of(paths.ANSWERS, stage), set(self._words_out)
        question, value = LONG_COLUMNS.index("question"), LONG_COLUMNS.index("value")

        def row_of(row: Sequence[Any]) -> list[Any]:
            cells = list(row)
            if cells[question] in out and cells[value]:
                cells[value] = described.WORDS_LEFT_OUT
            return cells

        _header, people = answers_table(self.study, stage=stage)
        by_code = ((str(rows[0][0]), map(row_of, rows)) for _number, rows in people if rows)
        write_by_person(folder / path, LONG_COLUMNS, by_code, self.codes)
        return Table(
            path=path,
            name="answers.csv",
            title="Answers" + _of_stage(stage),
            description="One row for each answer to a question of a trial and, where it is of images, image.",
            columns=described.long_columns(self.study, LONG_COLUMNS),
            key=("participant", "trial", "question", "condition"),
        )

    def _match_control(self, folder: Path, stage: StudyStage) -> Table:
        path = _path_of(paths.MATCH_CONTROL, stage)
        header, *rows = read_table(match_control_csv(self.study, stage))
        by_code: dict[str, list[list[str]]] = {}
        for row in rows:
            by_code.setdefault(row[0], []).append(row)
        write_by_person(folder / path, header, by_code.items(), self.codes)
        return Table(
            path=path,
            name="matchcontrol.csv",
            title="Match control" + _of_stage(stage),
            description="One row for each trial that showed an image of the clip heard and one of another clip.",
            columns=described.match_columns(),
            key=(),
        )


def _facts(person: Any, about: Sequence[str]) -> list[Any]:
    """The facts about a person, of a researcher's reason for leaving them out only that there is one."""
    facts = person_facts(person, about, sealed=False)
    if "exclusion_reason" in about:
        by_hand = [described.BY_HAND] if person.excluded else []
        facts[about.index("exclusion_reason")] = "; ".join([*by_hand, *rules_that_exclude(person)])
    return facts


def _cells(values: Mapping[str, Any], columns: Iterable[AnswerColumn]) -> list[Any]:
    return ["" if values[column.name] is None else values[column.name] for column in columns]


def _columns_of(key: str) -> Iterator[str]:
    """The keys of the columns that a finding's key names together."""
    table, colon, names = key.partition(":")
    return (f"{table}{colon}{name}" for name in names.split("+"))


def _path_of(path: str, stage: StudyStage) -> str:
    return path if stage == StudyStage.MAIN else paths.of_stage(path, stage)


def _of_stage(stage: StudyStage) -> str:
    return "" if stage == StudyStage.MAIN else f" of the {stage.replace('_', '-')} stage"
