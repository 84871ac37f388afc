"""The analysis JSON from the tables of a deposit and its plan alone; no database is read.

Loads SciPy and Arrow; the web process must not import this module.
"""

import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.statistics.errors import StatisticsError
from analysis.study_results.csv_analysis import analyse_tables
from analysis.study_results.software import software_versions
from analysis.tables.clips_left_out import count_clips_left_out
from analysis.tables.errors import TableError
from analysis.tables.paintings import count_paintings
from config.bundles.reading import MALFORMED, MAX_FILE_BYTES
from config.deposits import paths
from config.deposits.tables.table import RowsOf
from study.errors import StudyError
from study.models import StudyStage


def analyse_deposit(folder: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of the tables below `folder`, as a study's own analysis has it.

    Raises:
        TableError: a table cannot be read.
        StatisticsError: there is nothing to analyse.
    """
    follow_up, control = folder / paths.of_stage(paths.BALLOTS, StudyStage.FOLLOW_UP), folder / paths.MATCH_CONTROL
    people = RowsOf((folder / paths.PARTICIPANTS,))
    result = analyse_tables(
        folder / paths.BALLOTS,
        plan,
        version_of={row["participant"]: row["study_version"] for row in people if "study_version" in row},
        follow_up=follow_up if follow_up.exists() else None,
        control=control.read_bytes() if control.exists() else None,
    )
    result["paintings"] = count_paintings((folder / paths.PAINTINGS).read_bytes(), plan["conditions"])
    result["clips_left_out"] = count_clips_left_out((folder / paths.CLIPS_LEFT_OUT).read_bytes())
    return result


def main() -> None:
    """Analyse the deposit in the folder `argv[1]`; write result and versions, or the problem, to the file `argv[2]`.

    Its address space may have `argv[3]` bytes. With too few it ends with a `MemoryError`, or is stopped by a signal.
    """
    folder, out = map(Path, sys.argv[1:3])
    _limit(int(sys.argv[3]))
    found = made_again(folder)
    out.write_text(json.dumps(found | {"versions": software_versions()}), encoding="utf-8")


def made_again(folder: Path) -> dict[str, Any]:
    """The analysis of a stranger's deposit in this folder under `result`, or under `problem` why there is none."""
    try:
        return {"result": analyse_deposit(folder, json.loads((folder / paths.PLAN).read_bytes()))}
    except (StatisticsError, TableError, StudyError) as error:
        return {"problem": str(error)}
    except (*MALFORMED, OSError) as error:
        return {"problem": f"{paths.PLAN} and the tables are not what a deposit holds there ({error!r})"}


def _limit(memory: int) -> None:
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),  # of a table's part for each version of the study
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(kind, (most, most))
