"""A job is done once, whatever is asked twice, killed, cancelled or changed meanwhile; and its files go in time."""

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.utils import timezone, translation

from study import jobs
from study.background_work import messages, rows
from study.errors import NotAllowedNow, StudyError
from study.jobs import JobFaults, JobKind, RunningJob, files, running
from study.jobs.requests import ensure_current, find_lost_jobs
from study.jobs.work import run_job
from study.models import Job, JobFile, Study
from study.participants.retention import enforce_retention
from study.setup.drafting import delete_draft
from tests.factories import make_study
from tests.study.jobs.stored import forget_kinds, stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path


@pytest.fixture
def study() -> Study:
    return make_study(clips=0)


@pytest.fixture
def sent(monkeypatch: Any) -> list[int]:
    """The jobs whose messages were sent."""
    sent: list[int] = []
    monkeypatch.setattr(messages, "send", lambda _task, arguments: bool(sent.append(arguments[0])) or True)
    return sent


@pytest.fixture
def kind(monkeypatch: Any) -> Any:
    """Register kinds for one test: "title" makes a file of the study's title, "import" reads what came in."""
    forget_kinds(monkeypatch)
    monkeypatch.setattr(running, "REPORT_EVERY", 0.0)

    def register(work: Any = write_title, **changes: Any) -> None:
        options: dict[str, Any] = {"page": "study_overview", "version": lambda study, _arguments: study.title}
        jobs.register(JobKind("title", work, lambda _job: "Title", **(options | changes)))

    register()
    return register


def write_title(job: RunningJob) -> None:
    title = Study.objects.get(pk=job.study.pk).title
    job.report(1, 2, "title")
    job.new_result("title.txt", "text/plain").write_text(title)


def commits() -> Any:
    """Do in the block what would be done after a commit."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def test_a_job_makes_its_file_once_however_often_it_is_asked_for(study, kind):
    job = jobs.request_job(study, "title", {"a": 1})
    assert jobs.request_job(study, "title", {"a": 1}) == job
    assert jobs.request_job(study, "title", {"a": 2}) != job
    run_job(job.pk)
    run_job(job.pk)
    assert jobs.request_job(study, "title", {"a": 1}) == job
    file = jobs.ready_file(study, "title", {"a": 1}, "title.txt")
    assert file is not None
    assert file.file.read().decode() == study.title
    assert (file.size, file.job.state, file.job.attempts) == (len(study.title), "ready", 1)
    assert jobs.ready_file(study, "title", {"a": 3}, "title.txt") is None


def test_files_of_data_that_have_changed_are_not_given_out_but_made_again(study, kind):
    job = jobs.request_job(study, "title")
    run_job(job.pk)
    job.refresh_from_db()
    ensure_current(job)
    Study.objects.update(title="Another")
    study.refresh_from_db()
    job.refresh_from_db()
    assert jobs.ready_file(study, "title", {}, "title.txt") is None
    with pytest.raises(NotAllowedNow):
        ensure_current(Job.objects.get())
    again = jobs.request_job(study, "title")
    assert again != job
    assert jobs.request_job(study, "title") == again


def test_data_that_change_while_a_job_runs_make_it_fail_and_leave_no_file(study, kind):
    def work(job: RunningJob) -> None:
        write_title(job)
        Study.objects.update(title="Meanwhile")

    kind(work)
    before = stored_files()
    job = jobs.request_job(study, "title")
    with commits():
        run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "changed" in job.error
    assert not job.files.exists()
    assert stored_files() == before


def test_a_job_that_waits_reads_what_has_changed_since_it_was_asked_for(study, kind):
    job = jobs.request_job(study, "title")
    Study.objects.update(title="Later")
    study.refresh_from_db()
    assert jobs.request_job(study, "title") == job
    run_job(job.pk)
    file = jobs.ready_file(study, "title", {}, "title.txt")
    assert file is not None
    assert file.file.read() == b"Later"


def test_what_is_cancelled_stops_at_its_next_report_and_stores_nothing(study, kind):
    def work(job: RunningJob) -> None:
        job.new_result("title.txt", "text/plain").write_text("half")
        jobs.cancel(Job.objects.get(pk=job.job.pk))
        job.report(1, 2)
        raise AssertionError("it went on")

    kind(work)
    job = jobs.request_job(study, "title")
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("cancelled", "")
    assert not job.files.exists()
    with pytest.raises(NotAllowedNow):
        jobs.cancel(job)


def test_what_came_in_is_read_and_erased_and_its_faults_are_told(study, kind):
    read: list[bytes] = []

    def work(job: RunningJob) -> None:
        read.extend(job.input_path(row).read_bytes() for row in job.inputs)
        raise JobFaults("Nothing was imported.", ["a.csv, row 2: no clip."])

    kind(work, version=None)
    before = stored_files()
    uploads = [SimpleUploadedFile("a.csv", b"one"), SimpleUploadedFile("b.csv", b"two")]
    job = jobs.request_job(study, "title", inputs=uploads)
    assert [row.name for row in job.inputs] == ["a.csv", "b.csv"]
    assert len(stored_files() - before) == 2
    assert jobs.request_job(study, "title") != job  # each upload is work of its own
    with commits():
        run_job(job.pk)
    job.refresh_from_db()
    assert read == [b"one", b"two"]
    assert (job.state, job.error) == ("failed", "Nothing was imported.")
    assert job.faults == ["a.csv, row 2: no clip."]
    assert stored_files() == before


def test_a_killed_job_is_found_and_done_by_another_worker_three_times_at_most(study, kind, sent):
    job = jobs.request_job(study, "title")
    assert find_lost_jobs(False) == 1  # its message is sent after a commit that this test does not make
    assert find_lost_jobs(False) == 0
    for attempt in (1, 2, 3):
        claimed = rows.claim(Job.objects.filter(pk=job.pk))
        assert claimed is not None
        assert claimed.attempts == attempt
        assert rows.claim(Job.objects.filter(pk=job.pk)) is None  # the control: it lives
        Job.objects.update(alive_at=timezone.now() - rows.STALE_AFTER * 2, sent_at=None)
        assert find_lost_jobs(False) == 1
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "3 times" in job.error
    assert sent == [job.pk] * 4


def test_a_worker_that_lost_its_job_to_another_changes_nothing(study, kind):
    def work(job: RunningJob) -> None:
        write_title(job)
        Job.objects.filter(pk=job.job.pk).update(attempts=2)  # taken over by another worker

    kind(work)
    job = jobs.request_job(study, "title")
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 2)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StudyError("The study is sealed."), "The study is sealed."),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (ZeroDivisionError("division"), "ZeroDivisionError"),
    ],
)
def test_a_job_that_fails_says_why(study, kind, error, told):
    def work(job: RunningJob) -> None:
        raise error

    kind(work)
    job = jobs.request_job(study, "title")
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert told in job.error
    assert jobs.request_job(study, "title") != job  # and may be asked for again


def test_its_messages_are_in_the_language_of_the_person_who_asked(study, kind):
    kind(lambda job: 1 / 0)
    with translation.override("ko"):
        job = jobs.request_job(study, "title")
    run_job(job.pk)
    job.refresh_from_db()
    with translation.override("ko"):
        assert job.error == rows.unexpected(ZeroDivisionError("division by zero"))
    assert job.error != rows.unexpected(ZeroDivisionError("division by zero"))


def test_files_go_when_their_time_is_over_and_later_the_job(study, kind, settings):
    settings.KEEP_DOWNLOADS_DAYS = 7
    before = stored_files()
    job = jobs.request_job(study, "title")
    run_job(job.pk)
    now = timezone.now()
    assert enforce_retention(now=now + timedelta(days=6)) == []
    assert len(stored_files() - before) == 1
    with commits():
        enforce_retention(now=now + timedelta(days=8))
    job.refresh_from_db()
    assert job.state == "expired"
    assert stored_files() == before
    enforce_retention(now=now + timedelta(days=15))
    assert not Job.objects.exists()


def test_files_go_with_the_study(study, kind):
    before = stored_files()
    run_job(jobs.request_job(study, "title").pk)
    assert stored_files() != before
    with commits():
        delete_draft(study, actor=study.owner)
    assert stored_files() == before
    assert not JobFile.objects.exists()


def test_what_a_killed_process_was_writing_is_deleted_when_another_takes_its_job_over(study, kind, tmp_path):
    job = jobs.request_job(study, "title")
    claimed = rows.claim(Job.objects.filter(pk=job.pk))
    assert claimed is not None
    with files.work_folder(claimed) as folder:
        (folder / "ballots.csv").write_text("somebody's")
        find_lost_jobs(False)
        assert (folder / "ballots.csv").exists()  # the control: it goes on
        Job.objects.update(alive_at=timezone.now() - rows.STALE_AFTER * 2)
        run_job(job.pk)
        find_lost_jobs(False)
        assert not folder.exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_what_a_killed_process_left_is_deleted_after_a_day(study, kind, tmp_path):
    name = default_storage.save("jobs/stray.bin", ContentFile(b"left"))
    (tmp_path / "work" / "left").mkdir(parents=True)
    run_job(jobs.request_job(study, "title").pk)
    files.erase_strays()
    assert default_storage.exists(name)  # it may be an upload that goes on
    files.erase_strays(timezone.now() + timedelta(days=2))
    assert not default_storage.exists(name)
    assert list((tmp_path / "work").iterdir()) == []
    assert len(Job.objects.get().results) == 1
    assert default_storage.exists(str(Job.objects.get().results[0].file))
