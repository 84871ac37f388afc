"""The analysis JSON from the tables of a deposit and its plan alone; no database is read.

Loads SciPy and Arrow; the web process must not import this module.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.statistics.errors import StatisticsError
from analysis.study_results.csv_analysis import (
    analyse_apart,
    analyse_by_version,
    analyse_table,
    has_stopped,
    match_control_of,
)
from analysis.study_results.software import software_versions
from analysis.tables.clips_left_out import count_clips_left_out
from analysis.tables.errors import TableError
from analysis.tables.paintings import count_paintings
from config.deposits import paths
from config.deposits.tables.table import RowsOf
from study.models import StudyStage


def analyse_deposit(folder: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of the tables below `folder`, as a study's own analysis has it.

    Raises:
        TableError: a table cannot be read.
        StatisticsError: there is nothing to analyse.
    """
    ballots = folder / paths.BALLOTS
    result = analyse_table(ballots, plan)
    result |= _by_version(folder, plan, stopped=has_stopped(result))
    if (follow_up := folder / paths.of_stage(paths.BALLOTS, StudyStage.FOLLOW_UP)).exists():
        result["follow_up"] = analyse_apart(follow_up, plan)
    control = folder / paths.MATCH_CONTROL
    if control.exists() and (found := match_control_of(control.read_bytes())):
        result["match_control"] = found
    result["paintings"] = count_paintings((folder / paths.PAINTINGS).read_bytes(), plan["conditions"])
    result["clips_left_out"] = count_clips_left_out((folder / paths.CLIPS_LEFT_OUT).read_bytes())
    return result


def _by_version(folder: Path, plan: Mapping[str, Any], *, stopped: bool) -> dict[str, Any]:
    """The numbers of the people of each version, if the study was changed while it ran."""
    people = RowsOf((folder / paths.PARTICIPANTS,))
    if "study_version" not in next(iter(people), {}):
        return {}
    versions = {row["participant"]: row["study_version"] for row in people}
    with tempfile.TemporaryDirectory(prefix="earsight-versions-") as parts:  # which are written beside the table
        table = Path(parts) / Path(paths.BALLOTS).name
        table.symlink_to((folder / paths.BALLOTS).resolve())
        return analyse_by_version(table, plan, versions, stopped=stopped)


def main() -> None:
    """Analyse the deposit in the folder `argv[1]`; write result and versions, or the problem, to the file `argv[2]`."""
    folder, out = map(Path, sys.argv[1:3])
    try:
        found: dict[str, Any] = {"result": analyse_deposit(folder, json.loads((folder / paths.PLAN).read_bytes()))}
    except (StatisticsError, TableError) as error:
        found = {"problem": str(error)}
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        found = {"problem": f"{paths.PLAN} and the tables are not what a deposit holds there ({error!r})"}
    out.write_text(json.dumps(found | {"versions": software_versions()}), encoding="utf-8")
