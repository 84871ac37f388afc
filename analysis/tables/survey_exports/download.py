"""A download's way to ballots: read it, guess its mapping, apply a mapping."""

from pathlib import Path

from analysis.tables.survey_exports.ballots import MappedBallots, map_ballots
from analysis.tables.survey_exports.columns import read_survey_table
from analysis.tables.survey_exports.guess import guess_mapping, mapping_text
from analysis.tables.survey_exports.mapping import load_mapping


def mapping_template(path: Path, *, encoding: str | None = None) -> str:
    """Return a first guess of the mapping of a download, as YAML. Raises TableError."""
    table = read_survey_table(path, encoding=encoding)
    return mapping_text(guess_mapping(table), table)


def mapped_ballots(path: Path, mapping: Path, *, encoding: str | None = None) -> tuple[MappedBallots, tuple[str, ...]]:
    """Return the ballots of a download by the mapping in a file, and what was noted on the way. Raises TableError."""
    table = read_survey_table(path, encoding=encoding)
    ballots = map_ballots(table, load_mapping(mapping))
    return ballots, tuple(table.notes.sentences())
