"""Rehearsals: made by a worker from a draft, continued, judged, sealed with their study, removed without a trace."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.forms.models import model_to_dict

from analysis.study_results.report_files import Report
from config.rehearsals import work
from config.rehearsals.request import Wanted, rehearse_study
from study.errors import NotAllowedNow, StudyError
from study.instruments.presets import PRESETS
from study.jobs import running
from study.jobs.requests import cancel
from study.jobs.work import run_job
from study.models import Deletion, Job, Participant, Stimulus, Study
from study.setup.drafting import delete_draft
from study.setup.rehearsals import remove_rehearsal
from study.setup.trash import restore_study
from study.simulation import people
from study.simulation.chosen_preference import ChosenPreference, Winner
from tests.factories import make_study, open_with_images

pytestmark = pytest.mark.django_db(transaction=True)
REDEFINED = ChosenPreference((Winner("tags", "redefined", 0.8),))


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.DATA_DIR = str(tmp_path)


@pytest.fixture
def asked(monkeypatch: Any) -> None:
    """No message goes to a worker: the test does the work itself."""
    monkeypatch.setattr("study.background_work.messages.send", lambda *_args, **_more: True)


@pytest.fixture
def no_export(monkeypatch: Any) -> None:
    """The export takes seconds, and is tried by one test."""
    monkeypatch.setattr(work, "_try_export", lambda *_args: {"files": 1, "faults": []})


def rehearsed(study: Study, people: int = 3, **more: Any) -> tuple[Job, Study]:
    job = rehearse_study(study, Wanted(people, more.pop("drop_out", 0.0), REDEFINED, seed=4), actor=study.owner)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.READY, job.error
    return job, study.rehearsals.latest("pk")


def stored() -> set[str]:
    """Every stored file."""
    folders, found = [""], set()
    while folders:
        folder = folders.pop()
        names, files = default_storage.listdir(folder) if default_storage.exists(folder or ".") else ([], [])
        folders += [f"{folder}/{name}".strip("/") for name in names]
        found |= {f"{folder}/{name}" for name in files}
    return found


@pytest.mark.usefixtures("asked")
def test_a_rehearsal_goes_to_the_report_and_is_removed_without_a_trace() -> None:
    study = make_study(clips=6)
    before, files = model_to_dict(study), stored()
    _job, copy = rehearsed(study, people=5)
    told = copy.rehearsal
    assert (copy.status, copy.simulated, copy.is_sealed) == (Study.Status.CLOSED, True, False)
    assert {person.kind for person in copy.participants.all()} == {Participant.Kind.SIMULATED}
    assert (told["began"], told["completed"], told["broken"], told["export"]["faults"]) == (5, 5, [], [])
    assert told["times"]["pages"] > 5 * 6
    assert told["expected"]["redefined_tags"] > 0.3 > 0.2 > told["expected"]["original_tags"]
    assert sum(told["shares"].values()) == pytest.approx(1)
    assert Job.objects.filter(study=copy, kind="report").count() == 2
    assert_marked(copy)
    remove_rehearsal(copy, actor=study.owner)
    assert list(Study.objects.all()) == [study]
    assert not Job.objects.exists()
    assert not Participant.objects.exists()
    study.refresh_from_db()
    assert model_to_dict(study) == before
    assert list(study.log.values_list("action", "data")) == [
        ("rehearsed", {"people": 5}),
        ("rehearsal removed", {"people": 5}),
    ]
    assert stored() >= files


def assert_marked(copy: Study) -> None:
    """Each page, figure and file that can bear a word says that the answers are simulated; the others by their name."""
    report = Report(copy.analyses.get(), "en")
    figures = report.figures()
    assert figures
    assert all("SIMULATED: no findings</text></svg>" in figure.svg for figure in figures)
    page = report.file("report-en.html").decode()
    assert page.count("SIMULATED: no findings") >= len(figures)
    assert json.loads(report.file("heds.json"))["simulated"] is True
    assert openpyxl.load_workbook(io.BytesIO(report.file("report.xlsx"))).sheetnames[0] == "simulated"
    assert copy.slug.startswith("rehearsal-1-simulated")
    assert "simulated" in copy.title


@pytest.mark.usefixtures("asked", "no_export")
def test_a_rehearsal_of_ratings_tells_for_each_scale_what_was_found() -> None:
    _job, copy = rehearsed(make_study(clips=6, instrument=PRESETS["match_and_quality"]), people=5)
    told = copy.rehearsal
    assert (told["completed"], told["broken"], told["problem"]) == (5, [], "")
    found = [(row["question"], row["contrast"]) for row in told["comparisons"]]
    assert {("match", "redefined_minus_original"), ("quality", "redefined_minus_original")} <= set(found)
    # A utility of log 4, 15 % of the six steps for each, with tastes apart: both scales tell the same true effect.
    assert all(0.7 < row["expected"] < 1.4 for row in told["comparisons"] if "redefined" in row["contrast"])


@pytest.mark.usefixtures("asked", "no_export")
def test_a_killed_rehearsal_is_continued(monkeypatch: Any) -> None:
    study = make_study(clips=2, conditions=3)
    walked: list[int] = []
    real = people.walk

    def killed(*args: Any, **kwargs: Any) -> Any:
        walked.append(1)
        if len(walked) == 2:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(people, "walk", killed)
    job = rehearse_study(study, Wanted(3, 0.0, REDEFINED, seed=4), actor=study.owner)
    with pytest.raises(KeyboardInterrupt):
        run_job(job.pk)
    assert study.rehearsals.get().participants.count() == 1
    Job.objects.filter(pk=job.pk).update(alive_at=None)
    run_job(job.pk)
    job.refresh_from_db()
    told = study.rehearsals.get().rehearsal  # one copy, not two
    assert (job.state, told["began"], told["completed"], len(walked)) == (Job.State.READY, 3, 3, 4)


@pytest.mark.usefixtures("asked")
def test_a_cancelled_or_broken_rehearsal_leaves_no_copy(monkeypatch: Any) -> None:
    study = make_study(clips=2, conditions=2)
    monkeypatch.setattr(running, "REPORT_EVERY", 0.0)
    job = rehearse_study(study, Wanted(3, 0.0, ChosenPreference()), actor=study.owner)
    real = work.open_study

    def cancelled_meanwhile(*args: Any, **kwargs: Any) -> Any:
        cancel(Job.objects.get(pk=job.pk))
        return real(*args, **kwargs)

    monkeypatch.setattr(work, "open_study", cancelled_meanwhile)
    run_job(job.pk)
    assert (Job.objects.get().state, Study.objects.count()) == (Job.State.CANCELLED, 1)

    def cannot(*_args: Any, **_kwargs: Any) -> None:
        raise StudyError("no")

    monkeypatch.setattr(work, "open_study", cannot)
    job = rehearse_study(study, Wanted(3, 0.0, ChosenPreference()), actor=study.owner)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error, Study.objects.count()) == (Job.State.FAILED, "no", 1)


@pytest.mark.usefixtures("asked", "no_export")
def test_a_draft_that_is_deleted_while_it_is_rehearsed_takes_the_rehearsal_with_it(monkeypatch: Any) -> None:
    study = make_study(clips=2, conditions=2)
    monkeypatch.setattr(running, "REPORT_EVERY", 0.0)
    job = rehearse_study(study, Wanted(5, 0.0, ChosenPreference()), actor=study.owner)
    real, walked = people.walk, []

    def deleted_meanwhile(*args: Any, **kwargs: Any) -> Any:
        walked.append(1)
        if len(walked) == 2:
            delete_draft(Study.objects.get(pk=study.pk), actor=study.owner)
        return real(*args, **kwargs)

    monkeypatch.setattr(people, "walk", deleted_meanwhile)
    run_job(job.pk)
    assert (Study.objects.count(), Job.objects.count(), Participant.objects.count()) == (0, 0, 0)
    assert len(walked) == 2
    back, _said = restore_study(study.owner, Deletion.objects.get().pk)
    assert not back.rehearsals.exists()


@pytest.mark.usefixtures("asked", "no_export")
def test_a_rehearsal_is_sealed_with_its_study_and_only_a_draft_is_rehearsed() -> None:
    study = make_study(clips=2, conditions=2)
    _job, copy = rehearsed(study)
    open_with_images(study)
    copy = Study.objects.get(pk=copy.pk)
    assert copy.is_sealed
    assert copy.is_blinded
    with pytest.raises(NotAllowedNow, match="Only a draft can be rehearsed"):
        rehearse_study(Study.objects.get(pk=study.pk), Wanted(3, 0.0, REDEFINED))
    with pytest.raises(NotAllowedNow, match="simulated copy"):
        rehearse_study(copy, Wanted(3, 0.0, REDEFINED))


def test_what_is_real_is_never_removed() -> None:
    study = make_study(clips=1, conditions=2)
    with pytest.raises(NotAllowedNow, match="no rehearsal"):
        remove_rehearsal(study)
    copy = make_study(clips=1, conditions=2, rehearsal_of=study, simulated=True)
    copy.participants.create(number=1, token_hash="0" * 64, kind=Participant.Kind.REAL)
    with pytest.raises(NotAllowedNow, match="Real people"):
        remove_rehearsal(copy)
    Study.objects.filter(pk=copy.pk).update(simulated=False)
    with pytest.raises(NotAllowedNow, match="removed already"):
        remove_rehearsal(copy)
    assert Study.objects.count() == 2


def test_without_images_it_is_refused_before_a_worker_is_asked() -> None:
    study = make_study(clips=2, conditions=2)
    Stimulus.objects.filter(clip__number=2).delete()
    with pytest.raises(StudyError, match=r"cannot be rehearsed yet: .*image"):
        rehearse_study(study, Wanted(3, 0.0, REDEFINED))
    assert not Job.objects.exists()
