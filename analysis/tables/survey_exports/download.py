"""A download's way to ballots: read it, guess its mapping, apply a mapping."""

from pathlib import Path

from analysis.tables.errors import TableError
from analysis.tables.survey_exports.ballots import MappedBallots, map_ballots
from analysis.tables.survey_exports.columns import SurveyTable, read_survey_table
from analysis.tables.survey_exports.guess import guess_mapping, mapping_text
from analysis.tables.survey_exports.mapping import load_mapping
from study.tables.errors import TableRefused, message_for_command
from study.tables.reading import read_bytes


def _read(path: Path, encoding: str | None) -> SurveyTable:
    try:
        return read_survey_table(read_bytes(path), path.name, encoding=encoding)
    except TableRefused as error:
        raise TableError(message_for_command(error)) from error


def mapping_template(path: Path, *, encoding: str | None = None) -> str:
    """Return a first guess of the mapping of a download, as YAML. Raises TableError."""
    table = _read(path, encoding)
    return mapping_text(guess_mapping(table), table)


def mapped_ballots(path: Path, mapping: Path, *, encoding: str | None = None) -> tuple[MappedBallots, tuple[str, ...]]:
    """Return the ballots of a download by the mapping in a file, and what was noted on the way. Raises TableError."""
    table = _read(path, encoding)
    ballots = map_ballots(table, load_mapping(mapping))
    return ballots, tuple(table.notes.sentences())
