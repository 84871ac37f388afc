"""Tables of a study's own answers, as CSV."""

from typing import Any

from analysis.tables.participant_table import joined_answers, joined_columns
from study.ballots.commitments import bind_unfinished
from study.ballots.table import COLUMNS, ballot_rows, kinds_of
from study.models import Ballot, Participant, Study, Trial
from study.participants.exclusion_rules import refresh_unfinished
from study.tables.spreadsheet import csv_text


def ballots_csv(study: Study) -> bytes:
    """The study's tidy ballot table as UTF-8 CSV, joined with what each person said in answer to questions.

    The analysis reads the same table that the export holds. The plan's exclusion rules are applied first to those who
    have not finished; finishing does it for the others.
    """
    bind_unfinished(study)
    refresh_unfinished(study)
    ballots = ballot_rows(study)
    columns = joined_columns(study)
    said = joined_answers(study, columns)  # read after the ballots, so that nobody is missing who came meanwhile
    nothing = [""] * len(columns)  # somebody who withdrew meanwhile
    rows = ([*(row[name] for name in COLUMNS), *said.get(row["participant"], nothing)] for row in ballots)
    return csv_text([(*COLUMNS, *(column.name for column in columns)), *rows]).encode()


def match_control_csv(study: Study) -> bytes:
    """The match-control answers as CSV: participant, clip, own (1: an image of the clip heard), excluded."""
    ballots = (
        Ballot.objects.filter(
            trial__participant__study=study,
            trial__participant__kind__in=kinds_of(study),
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
