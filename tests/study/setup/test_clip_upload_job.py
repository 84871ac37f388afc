"""Uploads of clips that a worker reads: each file on its own, once, whatever ends it on the way."""

from typing import Any

import pytest
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from study import jobs
from study.audio_files import checking
from study.audio_files.checking import AudioChecker
from study.background_work import rows
from study.console import upload_jobs
from study.jobs import requests, running
from study.jobs.work import run_job
from study.models import Job, Study
from study.setup import clip_import, clip_upload_job
from tests.study.conftest import tone, upload
from tests.study.jobs.stored import stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check sounds in this process, which is faster than starting another one for each test; report each file."""
    monkeypatch.setattr(AudioChecker, "ask", lambda _self, question, data=b"": checking._answer(question, data))
    monkeypatch.setattr(running, "REPORT_EVERY", 0.0)


@pytest.fixture
def client(draft: Study) -> Client:
    client = Client()
    client.force_login(draft.owner)
    return client


def sounds(n: int) -> list[Any]:
    return [upload(f"{number}.wav", tone(pitch=200 + 20 * number)) for number in range(1, n + 1)]


def asked(study: Study, files: list[Any]) -> Job:
    return jobs.request_job(study, clip_upload_job.KIND, actor=study.owner, inputs=files)


def worked(job: Job) -> Job:
    with TestCase.captureOnCommitCallbacks(execute=True):
        run_job(job.pk)
    job.refresh_from_db()
    return job


def test_many_clips_are_read_by_a_worker_and_the_page_tells_which_were_not_taken(client: Client, draft: Study) -> None:
    address, before = reverse("study_clips", args=[draft.slug]), stored_files()
    files = [*sounds(upload_jobs.SMALL_FILES), upload("words.wav", b"words")]
    led = client.post(address, {"files": files})
    job = draft.jobs.get()
    assert led.headers["Location"].startswith(reverse("study_job", args=[draft.slug, job.pk]))
    assert not draft.clips.exists()
    assert "An upload is being read" in client.get(address).content.decode()
    assert worked(job).state == "ready", job.error
    page = client.get(address, {"job": job.pk}).content.decode()
    assert "8 clips added." in page
    assert "words.wav is a text file" in page
    assert [clip.number for clip in draft.clips.all()] == list(range(1, 9))
    assert {entry.actor for entry in draft.log.filter(action="clip added")} == {draft.owner}
    assert stored_files() == before


def test_a_script_is_told_where_to_ask_for_a_large_file(client: Client, draft: Study, monkeypatch: Any) -> None:
    monkeypatch.setattr(upload_jobs, "SMALL_BYTES", 1000)
    headers = {"Accept": "application/json"}
    given = client.post(reverse("study_clips", args=[draft.slug]), {"files": sounds(1)}, headers=headers).json()
    assert client.get(given["job"], headers=headers).json()["state"] == "waiting"
    worked(draft.jobs.get())
    assert client.get(given["job"], headers=headers).json()["state"] == "ready"
    again = client.post(reverse("study_clips", args=[draft.slug]), {"files": sounds(1)}, headers=headers).json()
    worked(draft.jobs.first())
    told = client.get(again["job"], headers=headers).json()
    assert (told["state"], told["error"]) == ("failed", "No clip was added.")
    assert "the study has a clip of this name" in told["faults"][0]


def test_a_worker_that_is_killed_between_clips_leaves_the_rest_to_another(draft: Study, monkeypatch: Any) -> None:
    class Killed(BaseException):
        pass

    job = asked(draft, [*sounds(2), upload("words.wav", b"words"), *sounds(4)[2:]])
    inspect = clip_import._inspect

    def killed(checker: Any, path: Any, name: str) -> Any:
        if name == "3.wav":
            raise Killed
        return inspect(checker, path, name)

    with monkeypatch.context() as patched:
        patched.setattr(clip_import, "_inspect", killed)
        with pytest.raises(Killed):
            run_job(job.pk)
    assert draft.clips.count() == 2
    Job.objects.update(alive_at=timezone.now() - 2 * rows.STALE_AFTER)
    assert requests.find_lost_jobs(False) == 1
    assert worked(job).state == "ready"
    assert job.outcome["message"] == "4 clips added."
    assert len(job.faults) == 1, job.faults
    assert draft.log.filter(action="clip added").count() == 4


def test_without_what_was_kept_the_next_worker_would_refuse_what_is_there(draft: Study) -> None:
    """The control: to a worker that knows nothing of the one before, its clips are there twice."""
    worked(asked(draft, sounds(2)))
    assert len(worked(asked(draft, sounds(2))).faults) == 2


def test_a_cancelled_upload_keeps_the_clips_that_are_in_and_says_so(
    client: Client, draft: Study, monkeypatch: Any
) -> None:
    job = asked(draft, sounds(3))
    report = running.RunningJob.report

    def report_and_cancel(self: Any, done: int, *more: Any) -> None:
        report(self, done, *more)
        if done == 1:
            jobs.cancel(Job.objects.get(pk=job.pk))

    monkeypatch.setattr(running.RunningJob, "report", report_and_cancel)
    assert worked(job).state == "cancelled"
    assert draft.clips.count() == 1
    page = client.get(reverse("study_clips", args=[draft.slug]), {"job": job.pk}).content.decode()
    assert "1 clip added." in page
    assert "The upload was cancelled." in page


def test_a_study_that_opens_meanwhile_takes_no_more_clips(draft: Study, monkeypatch: Any) -> None:
    before = stored_files()
    job = asked(draft, sounds(1))
    inspect = clip_import._inspect

    def opened(*arguments: Any) -> Any:
        Study.objects.filter(pk=draft.pk).update(status=Study.Status.OPEN)
        return inspect(*arguments)

    monkeypatch.setattr(clip_import, "_inspect", opened)
    assert worked(job).state == "failed"
    assert "its plan is fixed" in job.error
    assert not draft.clips.exists()
    assert stored_files() == before
