"""The public analysis JSON from CSV tables and a plan: what an export holds is enough to compute it again.

Loads SciPy and Arrow; the web process must not import this module.
"""

import csv
import io
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.analysis import analyse, main_numbers
from analysis.statistics.errors import StatisticsError
from analysis.statistics.match_control import match_control
from analysis.study_results.instrument_analysis import (
    analyse_instrument,
    main_numbers_of_instrument,
    plan_from_json,
)
from analysis.tables.ballot_table import read_ballots
from analysis.tables.errors import TableError
from analysis.tables.person_columns import cut_groups
from analysis.tables.result_json import main_to_json, plain, to_json


def analyse_table(path: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of a ballot table that Earsight wrote, under a plan as `plan_of` returns it.

    Args:
        path: of the table as CSV.
        plan: as JSON.

    Raises:
        TableError: the table cannot be read.
        StatisticsError: it holds nothing to analyse.
    """
    if plan.get("instrument"):
        return analyse_instrument(path, plan)
    columns = [row["column"] for row in plan.get("moderators") or ()]
    table = read_ballots(path, tuple(plan["conditions"]), verbatim=True, moderators=columns)
    cuts = {row["column"]: row["cuts"] for row in plan.get("moderators") or ()}
    result = analyse(
        table.ballots,
        plan_from_json(plan),
        n_excluded=table.n_excluded,
        with_excluded=table.all_ballots,
        n_known=table.n_known,
        without_known=table.without_known,
        moderators=cut_groups(table.groups(), cuts),
    )
    return to_json(result)


def analyse_tables(
    ballots: Path,
    plan: Mapping[str, Any],
    *,
    version_of: Mapping[str, Any],
    follow_up: Path | None,
    control: bytes | None,
) -> dict[str, Any]:
    """The public analysis JSON of a study's tables, but for what is counted of clips and paintings.

    Args:
        version_of: the version of each participant, by code; empty if the study was never changed while it ran.
        follow_up: the ballot table of the follow-up stage; None without one.
        control: the table of match control; None without one.

    Raises:
        TableError, StatisticsError: as `analyse_table` of `ballots`.
    """
    result = analyse_table(ballots, plan)
    if version_of:
        result |= analyse_by_version(ballots, plan, version_of, stopped=has_stopped(result))
    if follow_up is not None:
        result["follow_up"] = analyse_apart(follow_up, plan)
    if control is not None and (found := match_control_of(control)):
        result["match_control"] = found
    return result


# What is kept of people who are analysed apart from those of the plan.
_APART = ("n_participants", "n_clips", "n_ballots", "primary", "scores")
# Each version adds a row to a table that people read: the first, and so many of the newest.
MOST_VERSIONS = 12


def analyse_apart(path: Path, plan: Mapping[str, Any], *, stopped: bool = False) -> dict[str, Any]:
    """The main numbers of people who are analysed apart: of another stage, or who began under one version.

    `problem` says why there are none, `None` if there are.

    Args:
        stopped: the people are part of those of an analysis that stopped early.
    """
    try:
        if plan.get("instrument"):
            return {"problem": None} | main_numbers_of_instrument(path, plan, stopped=stopped)
        table = read_ballots(path, tuple(plan["conditions"]), verbatim=True)
        return {"problem": None} | main_to_json(main_numbers(table.ballots, plan_from_json(plan)), stopped=stopped)
    except (StatisticsError, TableError) as error:
        return {"problem": str(error).replace(f"{path.parent}/", "")} | dict.fromkeys(_APART)


def analyse_by_version(
    path: Path, plan: Mapping[str, Any], version_of: Mapping[str, Any], *, stopped: bool
) -> dict[str, Any]:
    """The main numbers of the people who began under each version of the study, of a table of ballots.

    Args:
        version_of: the version of each participant, by code.
        stopped: the analysis of them all stopped early.

    Returns:
        Under `versions` a block for each version under which somebody answered, at most `MOST_VERSIONS`: the first and
        the newest. Only if there are more, `versions_left_out` says how many have no block.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        at = next(rows).index("participant")
        answered = sorted({int(version_of[row[at]]) for row in rows})  # one at a time: there may be millions
    shown = answered if len(answered) <= MOST_VERSIONS else [answered[0], *answered[1 - MOST_VERSIONS :]]
    with tempfile.TemporaryDirectory(prefix="earsight-versions-") as folder:
        parts = {number: Path(folder) / f"version_{number}.csv" for number in shown}
        _divide(path, at, version_of, parts)
        found = [{"version": number} | analyse_apart(part, plan, stopped=stopped) for number, part in parts.items()]
    left_out = len(answered) - len(shown)
    return {"versions": found} | ({"versions_left_out": left_out} if left_out else {})


def _divide(path: Path, at: int, version_of: Mapping[str, Any], parts: Mapping[int, Path]) -> None:
    """Write the rows of a ballot table into the part of their participant's version; `at`: the participant's column."""
    with ExitStack() as open_files:
        rows = csv.reader(open_files.enter_context(path.open(encoding="utf-8", newline="")))
        header = next(rows)
        writers = {
            number: csv.writer(open_files.enter_context(part.open("w", encoding="utf-8", newline="")))
            for number, part in parts.items()
        }
        for writer in writers.values():
            writer.writerow(header)
        for row in rows:
            if (number := int(version_of[row[at]])) in writers:
                writers[number].writerow(row)


def has_stopped(result: Mapping[str, Any]) -> bool:
    """Whether the analysis with this JSON stopped early by its e-process."""
    return bool((result.get("sequential") or {}).get("stopped_at"))


def match_control_of(data: bytes) -> dict[str, Any] | None:
    """The match-control test of a table as `match_control_csv` writes it, as JSON; None without answers."""
    rows = [row for row in csv.DictReader(io.StringIO(data.decode())) if row["excluded"] != "1"]
    found = match_control(
        np.array([row["participant"] for row in rows]),
        np.array([row["own"] == "1" for row in rows], dtype=bool),
    )
    return None if found is None else dict(plain(found))
