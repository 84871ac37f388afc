"""The meaning of each column of the ballot table."""

from analysis.tables.participant_table import joined_columns, meaning_of, values_of
from study.models import Study
from study.tables.spreadsheet import csv_text

CODEBOOK = {
    "participant": "code of the person: r real, s simulated, and a number",
    "clip": "file name of the clip",
    "first": "condition of the 1st choice; empty if none fitted",
    "second": "condition of the 2nd choice; empty if none was made",
    "repeat": "0 the first showing of the clip to this person, 1 its hidden repeat",
    "trial": "number of the trial for this person, from 1",
    "position_first": "position of the 1st choice on the page, from 1 (A)",
    "position_second": "position of the 2nd choice on the page, from 1 (A)",
    "excluded": "1 if the person is excluded from the analysis, by a rule of the plan or by hand",
    "none_fits": "1 if the person answered that none of the images fits",
    "order": "conditions by position, A first",
    "answered_at": "the hour in which the answer was given (ISO 8601, UTC)",
    "seconds": "whole seconds from the showing of the page to the answer",
    "listened_seconds": "how much of the clip was heard, in whole seconds",
    "reason": "the person's own words, if asked",
    "knows_piece": "1 knows the piece, 0 does not, empty if not asked",
    "flags": "quality flags of the person, separated by semicolons",
    "nonce": "random number that the digest covers",
    "digest": "SHA-256 over nonce and ballot, see study/ballots/receipts.py",
}


def codebook_csv(study: Study) -> bytes:
    """One row for each column of the study's ballot table, with its meaning, as UTF-8 CSV."""
    answers = ((column.name, f"{meaning_of(column)} ({values_of(column)})") for column in joined_columns(study))
    return csv_text([("column", "meaning"), *CODEBOOK.items(), *answers]).encode()
