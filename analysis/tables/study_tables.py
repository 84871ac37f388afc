"""Tables of a study's own answers, as CSV."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from analysis.tables.participant_table import joined_columns, person_cells
from study.ballots.commitments import bind_unfinished
from study.ballots.long_table import LONG_COLUMNS, answers_by_person
from study.ballots.table import ballots_by_person, columns_of, counted_people
from study.models import Ballot, Participant, Study, StudyStage, Trial
from study.participants.answers_table import AnswerColumn, Value
from study.participants.exclusion_rules import refresh_unfinished
from study.tables.spreadsheet import csv_parts, csv_text

BALLOTS = "ballots.csv"
ANSWERS = "answers.csv"


def settle_people(study: Study) -> None:
    """Bring up to date what the tables show of those who have not finished: what binds them, flags and exclusions."""
    bind_unfinished(study)
    refresh_unfinished(study)


def other_stages(study: Study) -> list[StudyStage]:
    """The stages of the study whose people are not in its results, in their order."""
    return [StudyStage(stage) for stage in study.stages if stage != StudyStage.MAIN]


def name_of_stage(name: str, stage: str) -> str:
    """The name of a table of another stage: `ballots_pilot.csv` beside `ballots.csv`, which never holds its people."""
    return name.replace(".csv", f"_{stage}.csv")


def ballots_csv_parts(study: Study, stage: str = StudyStage.MAIN) -> Iterator[bytes]:
    """The study's tidy ballot table as UTF-8 CSV, joined with what each person said in answer to questions, in parts.

    It holds the people of one stage. The analysis reads the same table that the export holds. The plan's exclusion
    rules are applied first to those who have not finished; finishing does it for the others.
    """
    header, people = ballots_table(study, stage=stage)
    yield from csv_parts(chain([header], (row for _number, rows in people for row in rows)))


def ballots_table(
    study: Study, *, after: int = -1, stage: str = StudyStage.MAIN
) -> tuple[Sequence[str], Iterator[tuple[int, list[Sequence[Value]]]]]:
    """The same table: the names of its columns, and each person's number with their rows, behind the number `after`."""
    settle_people(study)
    columns = joined_columns(study)
    return (*columns_of(study), *(column.name for column in columns)), _ballots(study, columns, after, stage)


def _ballots(
    study: Study, columns: Sequence[AnswerColumn], after: int, stage: str
) -> Iterator[tuple[int, list[Sequence[Value]]]]:
    for person, rows in ballots_by_person(study, after=after, stages=(stage,)):
        said = person_cells(person, columns)
        yield person.number, [[*row, *said] for row in rows]


def answers_csv_parts(study: Study, stage: str = StudyStage.MAIN) -> Iterator[bytes]:
    """The long table of all answers of the people of one stage as UTF-8 CSV, in parts."""
    header, people = answers_table(study, stage=stage)
    yield from csv_parts(chain([header], (row for _number, rows in people for row in rows)))


def answers_table(
    study: Study, *, after: int = -1, stage: str = StudyStage.MAIN
) -> tuple[Sequence[str], Iterator[tuple[int, list[Sequence[Value]]]]]:
    """The same table: the names of its columns, and each person's number with their rows, behind the number `after`."""
    settle_people(study)
    people = answers_by_person(study, after=after, stages=(stage,))
    return LONG_COLUMNS, ((person.number, [*rows]) for person, rows in people)


def match_control_csv(study: Study, stage: str = StudyStage.MAIN) -> bytes:
    """The match-control answers of a stage as CSV: participant, clip, own (1: an image of the clip heard), excluded."""
    ballots = (
        Ballot.objects.filter(
            trial__participant__in=counted_people(study, stage),
            trial__kind=Trial.Kind.MATCH,
            first__isnull=False,
        )
        .exclude(trial__participant__status=Participant.Status.WITHDRAWN)
        .select_related("trial__participant", "trial__clip", "first")
        .order_by("trial__participant__kind", "trial__participant__number", "trial__number")
    )
    rows: list[tuple[Any, ...]] = [("participant", "clip", "own", "excluded")]
    for ballot in ballots:
        trial, person = ballot.trial, ballot.trial.participant
        own = int(ballot.first is not None and ballot.first.clip_id == trial.clip_id)
        rows.append((person.code, trial.clip.name, own, int(person.left_out)))
    return csv_text(rows).encode()
