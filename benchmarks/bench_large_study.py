"""Measure the console, the exports and the analysis of a large closed study.

    python benchmarks/bench_large_study.py [--people 2167] [--clips 40] [--trials 12] [--database URL]
        [--keep FOLDER] [--only NAME …]

Writes a study of `--people` × `--trials` ballots (`large_study.py`) into an empty database: SQLite in a temporary
folder, or `--database`, which should be a database of its own (it is migrated and filled, and not dropped). `--keep
FOLDER` keeps SQLite's file and the media there and uses them again. Then each page is requested four times by Django's
test client, and each task runs once in a process of its own. Prints, of pages, the processor time and the wall time of
the median request but the first, and the number of queries; of tasks, both times, and by how much the process grew at
its peak.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from load_server import ROOT, environment
from page_times import time_page

PAGES = (
    "study_overview",
    "study_monitor",
    "study_monitor?fragment",
    "study_participants",
    "study_participants?fragment",
    "study_participants?page=1000",
    "study_participants?status=noted",
    "study_participants?flag=left_tab&stage=trials",
    "study_stages",
    "study_versions",
    "study_payment",
    "study_log",
    "study_log?people",
    "study_log?people&page=1000",
    "study_results",
    "study_plan",
    "study_links",
    "study_clips",
    "generation_run",
    "generation_review",
    "study_analysis_rules",
    "study_open",
    "study_schedule",
    "study_reporting",
    "study_list",
    "api_monitor",
    "api_participants",
    "api_ballots",
)


def _study() -> Any:
    import django

    django.setup()
    from study.models import Study

    return Study.objects.get(slug="large")


def make(people: int, clips: int, trials: int) -> None:
    """Migrate the database and write the study, unless it is there."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from large_study import make_large_study

    from study.ballots.commitments import bind_unfinished
    from study.models import Study

    if not Study.objects.filter(slug="large").exists():
        bind_unfinished(make_large_study(people, clips=clips, trials=trials))


def pages(names: list[str]) -> None:
    """Print one line for each page."""
    study = _study()
    from django.test import Client
    from django.urls import NoReverseMatch, reverse
    from django.utils import timezone

    from study.setup.api_tokens import make_token

    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(study.owner)
    _row, token = make_token(study, "bench", timezone.localdate() + timedelta(days=1), actor=study.owner)
    script = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {token}"})
    for name in names or PAGES:
        page, _mark, query = name.partition("?")
        try:
            url = reverse(page, args=[study.slug])
        except NoReverseMatch:
            url = reverse(page)
        client = script if page.startswith("api_") else browser
        print(time_page(client, f"{url}?{query}" if query else url, name), flush=True)


def _ballots(study: Any) -> int:
    from analysis.tables.study_tables import ballots_csv_parts

    return sum(map(len, ballots_csv_parts(study)))


def _participants(study: Any) -> int:
    from analysis.tables.participant_table import participants_csv_parts

    return sum(map(len, participants_csv_parts(study)))


def _report(study: Any) -> int:
    from analysis.study_results.analyses import latest
    from analysis.study_results.report_files import Report

    return len(Report(latest(study), "en").file("report-en.html"))


def _analysis(study: Any) -> int:
    from analysis.study_results.analyses import build_analysis

    analysis = build_analysis(study)
    assert analysis.result, analysis.error
    return int(analysis.result["n_ballots"])


def _export(study: Any) -> int:
    from config.bundles.write import export_study

    path = Path(os.environ["EARSIGHT_TEST_DATA"]) / "bundle.zip"
    export_study(study, path)
    return path.stat().st_size


def _verify(study: Any) -> int:
    from study.verification.verify import verify_study

    found, _receipts = verify_study(study)
    assert not found.faults, found.faults
    return len(found.checked)


TASKS: dict[str, Callable[[Any], int]] = {
    "analysis": _analysis,
    "ballots.csv": _ballots,
    "participants.csv": _participants,
    "report-en.html": _report,
    "export": _export,
    "verify": _verify,
}


def task(name: str) -> None:
    """Do one task, and print one line."""
    work, study = TASKS[name], _study()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, wall = time.process_time(), time.perf_counter()
    size = work(study)
    cpu, wall = time.process_time() - started, time.perf_counter() - wall
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name:38s} {cpu:9.1f} s  {wall:9.1f} s  {grown:6.0f} MiB  ({size})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2167, help="2,167 people give 26,000 ballots")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--trials", type=int, default=12, help="clips per person")
    parser.add_argument("--database", default="")
    parser.add_argument("--keep", default="")
    parser.add_argument("--only", nargs="*", default=[], help="names of pages, “pages”, and tasks")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        do: dict[str, Callable[[], None]] = {
            "make": lambda: make(options.people, options.clips, options.trials),
            "pages": lambda: pages(json.loads(options.only[0])),
        }
        do.get(options.step, lambda: task(options.step))()
        return
    with tempfile.TemporaryDirectory() as folder:
        env = environment(options.keep or folder, options.database)
        if options.keep and not options.database:
            Path(options.keep).mkdir(parents=True, exist_ok=True)

        def step(name: str, *more: str) -> None:
            size = ["--people", str(options.people), "--clips", str(options.clips), "--trials", str(options.trials)]
            command = [sys.executable, __file__, *size, "--step", name, *more]
            subprocess.run(command, cwd=ROOT, env=env, check=True)

        started = time.perf_counter()
        step("make")
        print(f"{options.people} people, made or found in {time.perf_counter() - started:.0f} s", flush=True)
        for name in TASKS:
            if not options.only or name in options.only:
                step(name)
        wanted = [name for name in options.only if name in PAGES]
        if wanted or not options.only or "pages" in options.only:
            step("pages", "--only", json.dumps(wanted))


if __name__ == "__main__":
    main()
