"""What workers do for a deposit: look what might point to a person, write it, analyse it again."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from analysis.study_results.prepared import check_results, results_version
from analysis.tables.study_tables import settle_people
from config.deposits.facts import KEY, SAVED, facts_to_json, publication_facts
from config.deposits.persons import Finding
from config.deposits.writing import DepositRefused, found_in, hindrances, zip_deposit
from study import jobs
from study.access import Right
from study.errors import NotAllowedNow
from study.jobs import JobKind, RunningJob
from study.models import Job, JobFile, Study

DEPOSIT, FINDINGS, REPRODUCTION = "deposit", "deposit-findings", "deposit-reproduction"
KINDS = {"findings": FINDINGS, "deposit": DEPOSIT, "reproduction": REPRODUCTION}  # by the words of pages and commands
BADGE = "reproduction.html"
_FOUND = "findings.json"


def file_name(study: Study) -> str:
    """Return the name of the study's deposit."""
    return f"{study.slug}-deposit.zip"


def ready_result(study: Study, kind: str) -> JobFile | None:
    """Return the file that a job of this kind has made from the data as they are now; None if there is none.

    Raises:
        StudyError: the kind's files may not be given out now.
    """
    job = jobs.newest_job(study, kind, {})
    return job.results.first() if job is not None and job.state == Job.State.READY else None


def ask_for(study: Study, what: str, *, actor: Any = None) -> Job:
    """Ask a worker for one of `KINDS`, or return the job that does or has done it from the data as they are now.

    Raises:
        NotAllowedNow: the study is sealed or not analysed, the deposit still lacks something, or there is none yet.
    """
    if what == "deposit" and (missing := hindrances(study)):
        raise NotAllowedNow(" ".join(one.message for one in missing))
    return jobs.request_job(study, KINDS[what], actor=actor)


def undecided(study: Study) -> Study:
    """Return the study as if nobody had decided about any finding; nothing is saved."""
    as_if = Study.objects.get(pk=study.pk)
    facts = replace(publication_facts(as_if), left_out=(), kept=())
    as_if.plan = as_if.plan | {KEY: facts_to_json(facts)}
    return as_if


def _find(job: RunningJob) -> None:
    found = [asdict(finding) for finding in found_in(undecided(job.study))]
    job.new_result(_FOUND, "application/json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def read_findings(file: JobFile) -> list[Finding]:
    """Return what a job of the kind `FINDINGS` has found.

    Raises:
        FileNotFoundError: the file was erased a moment ago.
    """
    with file.file.open("rb") as stored:
        return [Finding(**row) for row in json.load(stored)]


def found_in_files(study: Study) -> list[Finding]:
    """Return what was found in the files of the deposit that a worker last wrote of these data, and so refused.

    Raises:
        StudyError: the deposit's files may not be given out now.
    """
    job = jobs.newest_job(study, DEPOSIT, {})
    return [Finding(**row) for row in job.outcome.get("findings", ())] if job is not None else []


def _findings_version(study: Study, _arguments: Mapping[str, Any] = MappingProxyType({})) -> list[Any]:
    """Return what changes with the findings: all that changes results, but for what is decided about them."""
    code, row, entries, *rest = results_version(study)
    plan = {key: value for key, value in study.plan.items() if key != KEY}
    return [code, row | {"plan": str(plan)}, entries - study.log.filter(action=SAVED).count(), *rest]


def _make(job: RunningJob) -> None:
    files = job.folder / "deposit"
    files.mkdir()
    path = job.new_result(file_name(job.study), "application/zip")
    try:
        with path.open("wb") as file:
            for done, name in enumerate(zip_deposit(job.study, file, files), start=1):
                job.report(done, at_hand=name)
    except DepositRefused as error:
        # Without examples: a job's outcome stays when somebody withdraws.
        job.outcome["findings"] = [asdict(replace(finding, example="")) for finding in error.findings]
        job.keep_outcome()
        raise
    job.outcome["contents"] = _contents(path)


def _contents(path: Path) -> list[dict[str, Any]]:
    """Return the files at the top of the zip, and each folder with the number of its files; sizes in bytes."""
    with zipfile.ZipFile(path) as archive:
        listed = [info for info in archive.infolist() if not info.is_dir()]
    rows: dict[str, dict[str, Any]] = {}
    for info in listed:
        top, slash, _rest = info.filename.partition("/")
        row = rows.setdefault(top + slash, {"name": top + slash, "files": 0, "bytes": 0})
        row["files"] += 1
        row["bytes"] += info.file_size
    return sorted(rows.values(), key=lambda row: (row["name"].endswith("/"), row["name"].casefold()))


def _reproduce(job: RunningJob) -> None:
    from config.deposits.reproduction.reproducing import badge_page, reproduce  # what it needs is a worker's

    file = ready_result(job.study, DEPOSIT)
    if file is None:
        raise _no_deposit()
    found = reproduce(job.input_path(file))
    job.new_result(BADGE, "text/html; charset=utf-8").write_text(badge_page(found), encoding="utf-8")
    job.outcome |= {
        "reproduced": found.is_reproduced,
        "problems": [*found.faults, *found.differences][:20],
        "at": found.at.isoformat(),
    }


def _no_deposit() -> NotAllowedNow:
    return NotAllowedNow(_("There is no deposit of the data as they are now. Make it first."))


def _check_deposit(study: Study, arguments: Mapping[str, Any]) -> None:
    check_results(study, arguments)
    if ready_result(study, DEPOSIT) is None:
        raise _no_deposit()


def _version_of_deposit(study: Study, _arguments: Mapping[str, Any]) -> list[Any]:
    file = ready_result(study, DEPOSIT)
    return [results_version(study), file and file.digest]


def _register(name: str, work: Any, title: Any, check: Any, version: Any) -> None:
    kind = JobKind(name, work, title, "study_publish", check, version, settle=settle_people, right=Right.DATA)
    jobs.register(kind)


_register(DEPOSIT, _make, lambda _job: _("Deposit (ZIP)"), check_results, results_version)
_register(FINDINGS, _find, lambda _job: _("What might point to a person"), check_results, _findings_version)
_register(REPRODUCTION, _reproduce, lambda _job: _("The deposit analysed again"), _check_deposit, _version_of_deposit)
