"""What the page of a download shows, computed in a bounded process: a guess, ballots by a mapping, or their table."""

import json
from typing import Any

from analysis.statistics.ballots import PRESET
from analysis.tables.errors import TableError
from analysis.tables.survey_exports.ballots import MappedBallots, map_ballots
from analysis.tables.survey_exports.columns import SurveyTable, read_survey_table
from analysis.tables.survey_exports.guess import columns_text, guess_mapping
from analysis.tables.survey_exports.mapping import parse_mapping
from study.tables.reading import UPLOAD

BALLOTS_SHOWN = 8
MOST_CLIPS_SHOWN = 200
LONGEST_QUESTION = 200
WEIGHTS = (3, 1)


def read_download(
    raw: bytes, file: str, *, encoding: str | None, mapping: str | None, as_table: bool = False
) -> dict[str, Any]:
    """Return what to show of a download, as JSON: `columns`, and a guess of the mapping if `mapping` is None.

    Otherwise the ballots by that mapping: what the page shows of them, or, `as_table`, all of them as CSV in `text`.
    `problem`: why there is no more to show.

    Raises:
        TableRefused: the file is no table.
    """
    try:
        table = read_survey_table(raw, file, encoding=encoding, limits=UPLOAD)
    except TableError as error:
        return {"problem": str(error)}
    shown: dict[str, Any] = {
        "columns": [
            (table.reference(column), column.question[:LONGEST_QUESTION]) for column in table.columns if column.question
        ]
    }
    try:
        if mapping is None:
            return shown | _guessed(table)
        ballots = map_ballots(table, parse_mapping(mapping, "mapping"))
        return {"text": ballots.csv()} if as_table else shown | _shown(ballots) | {"notes": table.notes.sentences()}
    except TableError as error:
        return shown | {"problem": str(error)}


def _guessed(table: SurveyTable) -> dict[str, Any]:
    mapping = guess_mapping(table)
    return {
        "participant": mapping.participant or "",
        "answers": list(mapping.answers.items()),
        "mapping": columns_text(mapping, table),
    }


def mapping_of(participant: str, answers: list[tuple[str, str]], columns: str) -> str:
    """Return the mapping that the page's fields say, as YAML."""
    head = {"participant": participant, "answers": dict(answers)}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items() if value]
    return "\n".join([*lines, columns])


def _shown(ballots: MappedBallots) -> dict[str, Any]:
    """Return the first ballots and the points of every condition, by clip if there are not too many for a page."""
    at = {name: place for place, name in enumerate(ballots.header)}
    counted = [row for row in ballots.rows if not ("excluded" in at and row[at["excluded"]])]
    clips = list(dict.fromkeys(row[1] for row in ballots.rows))
    found = {key for row in counted for key in row[2:4] if key}
    conditions = [*(key for key in PRESET if key in found), *sorted(found - set(PRESET))]
    points = {key: dict.fromkeys(clips, 0) for key in conditions}
    for row in counted:
        for key, weight in zip(row[2:4], WEIGHTS, strict=True):
            if key:
                points[key][row[1]] += weight
    shown = clips if len(clips) <= MOST_CLIPS_SHOWN else []
    return {
        "ballots": {"header": ballots.header},
        "first_ballots": ballots.rows[:BALLOTS_SHOWN],
        "n_ballots": len(ballots.rows),
        "n_people": len({row[0] for row in ballots.rows}),
        "clips": shown,
        "points": [(key, [of_clip[clip] for clip in shown], sum(of_clip.values())) for key, of_clip in points.items()],
    }
