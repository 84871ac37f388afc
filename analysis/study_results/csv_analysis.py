"""The public analysis JSON from CSV tables and a plan: what an export holds is enough to compute it again.

Loads SciPy and Arrow; the web process must not import this module.
"""

import csv
import io
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.analysis import analyse
from analysis.statistics.errors import StatisticsError
from analysis.statistics.match_control import match_control
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.tables.ballot_table import read_ballots
from analysis.tables.errors import TableError
from analysis.tables.person_columns import cut_groups
from analysis.tables.result_json import plain, to_json


def analyse_table(path: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The public analysis JSON of a ballot table that Earsight wrote, under a plan as `plan_of` returns it.

    Args:
        path: of the table as CSV.
        plan: as JSON.

    Raises:
        TableError: the table cannot be read.
        StatisticsError: it holds nothing to analyse.
    """
    columns = [row["column"] for row in plan.get("moderators") or ()]
    table = read_ballots(path, tuple(plan["conditions"]), verbatim=True, moderators=columns)
    factors = plan["factors"] and {key: tuple(keys) for key, keys in plan["factors"].items()}
    chosen = AnalysisPlan(
        weights=tuple(plan["weights"]),
        factors=factors,
        alpha=plan["alpha"],
        seed=plan["seed"],
        sequential=plan.get("sequential", False),
        clips_per_participant=plan.get("clips_per_participant"),
        second_choice=plan.get("second_choice", "required"),
        smallest=plan.get("smallest"),
    )
    cuts = {row["column"]: row["cuts"] for row in plan.get("moderators") or ()}
    result = analyse(
        table.ballots,
        chosen,
        n_excluded=table.n_excluded,
        with_excluded=table.all_ballots,
        n_known=table.n_known,
        without_known=table.without_known,
        moderators=cut_groups(table.groups(), cuts),
    )
    return to_json(result)


# Of the result of people who are analysed apart from those of the plan.
_APART = ("n_participants", "n_clips", "n_ballots", "primary", "scores")


def analyse_apart(path: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The main numbers of the people of another stage, whom the analysis by the plan does not count.

    `problem` says why there are none, `None` if there are.
    """
    try:
        result = analyse_table(path, plan)
    except (StatisticsError, TableError) as error:
        return {"problem": str(error).replace(f"{path.parent}/", "")} | dict.fromkeys(_APART)
    return {"problem": None} | {name: result.get(name) for name in _APART}


def analyse_by_version(path: Path, plan: Mapping[str, Any], version_of: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The main numbers of the people who began under each version of the study, of a table of ballots.

    Args:
        version_of: the version of each participant, by code.
    """
    parts: dict[int, Path] = {}
    with ExitStack() as open_files:
        rows = csv.reader(open_files.enter_context(path.open(encoding="utf-8", newline="")))
        header = next(rows)
        at, writers = header.index("participant"), {}
        for row in rows:  # one at a time: a study may have more than a million
            number = int(version_of[row[at]])
            if number not in writers:
                parts[number] = path.with_name(f"version_{number}.csv")
                file = open_files.enter_context(parts[number].open("w", encoding="utf-8", newline=""))
                writers[number] = csv.writer(file)
                writers[number].writerow(header)
            writers[number].writerow(row)
    return [{"version": number} | analyse_apart(part, plan) for number, part in sorted(parts.items())]


def match_control_of(data: bytes) -> dict[str, Any] | None:
    """The match-control test of a table as `match_control_csv` writes it, as JSON; None without answers."""
    rows = [row for row in csv.DictReader(io.StringIO(data.decode())) if row["excluded"] != "1"]
    found = match_control(
        np.array([row["participant"] for row in rows]),
        np.array([row["own"] == "1" for row in rows], dtype=bool),
    )
    return None if found is None else dict(plain(found))


def software_versions() -> dict[str, str]:
    """Name and version of the software that computed the numbers."""
    names = ("earsight", "numpy", "scipy", "django")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
