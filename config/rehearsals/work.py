"""The work of a worker that rehearses a study, from the copy to what is told of it. It can be killed anywhere."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.prepared import prepare_reports
from config.bundles.write import write_bundle
from config.rehearsals.request import Wanted
from study.errors import StudyError
from study.jobs import JobKind, RunningJob, register
from study.jobs.running import JobCancelled
from study.models import Job, Study
from study.models.log import record
from study.setup.lifecycle import close_study, free_slug, open_study
from study.setup.rehearsals import KIND, REHEARSED, refuse_unless_rehearsable, remove_rehearsal
from study.simulation.timing import PageTimes

MOST_BROKEN = 3  # a survey that breaks for so many people breaks for all


def _work(job: RunningJob) -> None:
    """Rehearse; what a killed predecessor has done stays. Cancelled or failed work leaves no copy."""
    wanted = Wanted.from_json(job.arguments)
    copy = _copy_of(job, wanted)
    language = translation.get_language()
    try:
        if copy.status == Study.Status.DRAFT:
            open_study(copy, actor=copy.owner)
        if copy.status == Study.Status.OPEN:
            _answer(job, copy, wanted)
            translation.activate(language or "en")  # the survey's pages have set their own
            close_study(copy, actor=copy.owner)
        _analyse(job, copy, wanted)
    except JobCancelled:
        if Job.objects.filter(pk=job.job.pk, state=Job.State.CANCELLED).exists():  # else another worker goes on
            remove_rehearsal(copy, by=job.job)
        raise
    except StudyError:
        remove_rehearsal(copy, by=job.job)
        raise


def _copy_of(job: RunningJob, wanted: Wanted) -> Study:
    """Return the job's copy; make it and its note in the job in one transaction, so that none is lost."""
    if "copy" in job.outcome:
        copy = Study.objects.filter(pk=job.outcome["copy"]).first()
        if copy is None:
            raise StudyError(_("This rehearsal is removed already."))
        return copy
    from config.rehearsals.copies import unopened_copy

    with transaction.atomic():
        study = Study.objects.select_for_update().get(pk=job.study.pk)
        refuse_unless_rehearsable(study)
        number = 1 + max((row.rehearsal.get("number", 0) for row in study.rehearsals.all()), default=0)
        copy = unopened_copy(
            study,
            mark=f"(rehearsal {number}, simulated)",
            # First in the name of each file that is downloaded, also of tables, which cannot say it inside.
            slug=free_slug(f"rehearsal {number} simulated {study.slug}"),
            rehearsal_of_id=study.pk,
            rehearsal={**wanted.as_json(), "number": number},
        )
        job.outcome |= {"copy": copy.pk, "times": asdict(PageTimes()), "broken": []}
        job.keep_outcome()
        record(study, REHEARSED, actor=job.job.actor, people=wanted.people)
    return copy


def _answer(job: RunningJob, copy: Study, wanted: Wanted) -> None:
    """Let the people answer who have not begun; one at whom a worker was killed counts as one who left.

    Raises:
        StudyError: the survey breaks again and again.
    """
    # Imported here: the web process knows this kind of job too, and needs neither NumPy nor SciPy for it.
    from config.rehearsals.truth import model_of
    from study.simulation.people import simulate_in_turn

    times = PageTimes(**job.outcome["times"])
    broken: list[str] = job.outcome["broken"]
    rest = range(copy.participants.count(), wanted.people)
    model = model_of(copy, wanted.preference)
    people = simulate_in_turn(copy, rest, wanted.seed, model=model, drop_out=wanted.drop_out, times=times)
    for number, fault in zip(rest, people, strict=True):
        job.report(number + 1, wanted.people)
        if fault:
            broken.append(fault)
        job.outcome["times"] = asdict(times)
        job.keep_outcome()
        if len(broken) >= MOST_BROKEN:
            raise StudyError(_("The survey broke for %(n)d people: %(why)s") % {"n": len(broken), "why": broken[-1]})


def _analyse(job: RunningJob, copy: Study, wanted: Wanted) -> None:
    """Analyse, try the export, and store what is told of the rehearsal; then ask for its reports."""
    from config.rehearsals.findings import findings_of

    analysis = analyses.latest(copy)
    if analysis is None:
        job.report(wanted.people, wanted.people, _("The answers are analysed."))
        analysis = analyses.build_analysis(copy)
    is_ready = analysis.state == Analysis.State.READY
    export: dict[str, Any] = {}
    if is_ready:
        job.report(wanted.people, wanted.people, _("The export is written and checked."))
        export = _try_export(copy, job.folder)
    found = findings_of(copy, wanted, analysis)
    told = {key: job.outcome[key] for key in ("times", "broken")} | {"export": export} | found
    Study.objects.filter(pk=copy.pk).update(rehearsal={**copy.rehearsal, **told})
    if is_ready:
        prepare_reports(copy)
    job.outcome["message"] = _("The study is rehearsed.")


def _try_export(copy: Study, folder: Path) -> dict[str, Any]:
    """Write and check the export as anybody would; return how many files it has, and the faults."""
    from config.bundles.check import verify_export

    bundle, tables = folder / "export.zip", folder / "tables"
    tables.mkdir(exist_ok=True)
    try:
        with bundle.open("wb") as file:
            names = list(write_bundle(copy, file, tables))
        return {"files": len(names), "faults": list(verify_export(bundle).faults)}
    finally:
        bundle.unlink(missing_ok=True)


def _check(study: Study, arguments: Mapping[str, Any]) -> None:
    refuse_unless_rehearsable(study)


def _progress(job: Job) -> str:
    return _("%(done)d of %(total)d simulated people have answered.") % {"done": job.done, "total": job.total}


register(
    JobKind(
        name=KIND,
        work=_work,
        title=lambda _job: _("Rehearsal"),
        page="study_rehearse",
        check=_check,
        progress=_progress,
    )
)
