"""Uploads of pictures that a worker reads: progress, faults, cancelling, killed workers, and a study that changes."""

import errno
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from generation.models import LooseFile
from generation.ready_made import upload_job, upload_process, uploading
from generation.runs import orphan_files
from generation.settings_model import settings_of, store_settings
from study import jobs
from study.background_work import rows
from study.jobs import requests
from study.jobs.work import run_job
from study.models import Job, JobFile, Stimulus, Study
from study.untrusted_files.bounded_process import BoundedProcess
from tests.generation.ready_made.test_uploading import client, named_files, picture, places, study, zipped
from tests.generation.studies import stored_files

__all__ = ["client", "places", "study"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def read_here(monkeypatch: Any) -> None:
    """Read uploads in this process, which is faster than starting another one for each."""
    monkeypatch.setattr(BoundedProcess, "ask", lambda _self, question, data=b"": upload_process._answer(question, data))


def commits() -> Any:
    return TestCase.captureOnCommitCallbacks(execute=True)


def asked(study: Study, files: list[Any]) -> Job:
    return jobs.request_job(study, upload_job.KIND, actor=study.owner, inputs=files)


def worked(job: Job) -> Job:
    with commits():
        run_job(job.pk)
    job.refresh_from_db()
    return job


def page_of(study: Study, then: str = "") -> str:
    return reverse("generation_upload", args=[study.slug]) + then


def waiting_files() -> list[str]:
    return default_storage.listdir("jobs")[1] if default_storage.exists("jobs") else []


def test_a_zip_is_read_by_a_worker_and_the_page_tells_what_it_brought(client: Client, study: Study) -> None:
    led = client.post(page_of(study), {"files": [zipped(study)]})
    job = study.jobs.get()
    then = page_of(study, f"?job={job.pk}")
    assert led.headers["Location"].startswith(reverse("study_job", args=[study.slug, job.pk]) + "?then=")
    assert not Stimulus.objects.exists()
    assert "It waits for a worker." in client.get(led.headers["Location"]).content.decode()
    assert waiting_files()
    assert worked(job).state == "ready", job.error
    assert Stimulus.objects.count() == 6
    assert waiting_files() == []
    assert f'href="{then}" data-open-when-ready' in client.get(led.headers["Location"]).content.decode()
    assert "The images of 2 clips are imported." in client.get(then).content.decode()
    assert study.log.get(action="images uploaded").actor == study.owner


@pytest.mark.usefixtures("read_here")
def test_its_faults_are_on_the_page_with_the_form(client: Client, study: Study) -> None:
    job = worked(asked(study, named_files(study, song1__painter_b=b"words", song2__painter_a=b"%PDF-1.7")))
    assert (job.state, job.error) == ("failed", "Nothing was imported.")
    page = client.get(page_of(study, f"?job={job.pk}"))
    assert page.context["faults"] == tuple(job.faults)
    text = page.content.decode()
    assert "song2__painter_a.png: a PDF cannot be read. Save it as PNG or JPEG." in text
    assert 'type="file"' in text
    assert waiting_files() == []
    assert not Stimulus.objects.exists()
    assert not LooseFile.objects.exists()
    assert client.get(page_of(study, "?job=99999999999999999999")).status_code == 200
    assert "a PDF" not in client.get(page_of(study)).content.decode()


@pytest.mark.usefixtures("read_here")
def test_a_script_gets_addresses_and_faults_instead_of_pages(client: Client, study: Study) -> None:
    headers = {"Accept": "application/json"}
    small = client.post(page_of(study), {"files": named_files(study)}, headers=headers)
    assert small.json() == {"next": page_of(study)}
    assert Stimulus.objects.count() == 6
    wrong = client.post(page_of(study), {"files": named_files(study, song1__painter_b=b"<b>")}, headers=headers)
    assert wrong.status_code == 422
    assert "song1__painter_b.png: not a picture" in wrong.json()["html"]
    large = client.post(page_of(study), {"files": [zipped(study)]}, headers=headers)
    assert large.json()["next"].startswith(reverse("study_job", args=[study.slug, study.jobs.get().pk]))


@pytest.mark.usefixtures("read_here")
def test_the_progress_is_told_in_images(client: Client, study: Study) -> None:
    job = asked(study, [zipped(study)])
    Job.objects.update(state="running", done=312, total=800, alive_at=timezone.now())
    assert "312 of 800 images are checked." in client.get(requests_page(job)).content.decode()
    assert "312 of 800" in client.get(page_of(study)).content.decode()


def requests_page(job: Job) -> str:
    return reverse("study_job", args=[job.study.slug, job.pk])


@pytest.mark.usefixtures("read_here")
def test_a_second_upload_waits_for_the_first(client: Client, study: Study) -> None:
    job = asked(study, [zipped(study)])
    page = client.get(page_of(study)).content.decode()
    assert "An upload is being read" in page
    assert 'type="file"' not in page
    refused = client.post(page_of(study), {"files": named_files(study)})
    assert refused.status_code == 422
    assert "Another upload is being read." in refused.content.decode()
    assert not Stimulus.objects.exists()
    jobs.cancel(job)
    assert client.post(page_of(study), {"files": named_files(study)}).status_code == 302  # the control
    assert Stimulus.objects.count() == 6


@pytest.mark.usefixtures("read_here")
def test_what_is_cancelled_while_it_is_read_imports_nothing(client: Client, study: Study, monkeypatch: Any) -> None:
    """Also if that happens after the last picture."""
    before = stored_files()
    job = asked(study, named_files(study))
    _then(monkeypatch, lambda: jobs.cancel(Job.objects.get(pk=job.pk)))
    assert worked(job).state == "cancelled"
    assert not Stimulus.objects.exists()
    assert stored_files() == before
    assert "The upload was cancelled." in client.get(page_of(study, f"?job={job.pk}")).content.decode()


def _then(monkeypatch: Any, change: Any) -> None:
    """Do `change` when all pictures are read and none is stored as a stimulus yet."""
    store = uploading._store_pictures

    def store_and_change(*arguments: Any) -> Any:
        stimuli = store(*arguments)
        change()
        return stimuli

    monkeypatch.setattr(uploading, "_store_pictures", store_and_change)


@pytest.mark.usefixtures("read_here")
def test_what_is_imported_cannot_be_cancelled_any_more(study: Study, monkeypatch: Any) -> None:
    """The job is ready in the moment in which its images are there, not when the worker has tidied up."""
    found: list[str] = []
    delete = orphan_files.delete_orphans
    monkeypatch.setattr(orphan_files, "delete_orphans", lambda: found.append(Job.objects.get().state) or delete())
    job = worked(asked(study, named_files(study)))
    assert found == ["ready"]
    with pytest.raises(Exception, match="has ended already"):
        jobs.cancel(job)


class Killed(BaseException):
    """Ends the work where it is, as SIGKILL does: nothing after it is done."""


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("imported", [False, True])
def test_an_upload_whose_worker_was_killed_is_imported_once(study: Study, monkeypatch: Any, imported: bool) -> None:
    """Killed before its images are stored, another worker reads it; after that, it is over."""
    job = asked(study, named_files(study))
    replace = uploading._replace_stimuli

    def killed(*_arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(uploading, "_replace_stimuli", replace if imported else killed)
        patched.setattr(orphan_files, "delete_orphans", killed)
        patched.setattr(orphan_files, "release_token", killed)
        with pytest.raises(Killed):
            run_job(job.pk)
    Job.objects.filter(state="running").update(alive_at=timezone.now() - 2 * rows.STALE_AFTER)
    with commits():
        assert requests.find_lost_jobs(False) == (0 if imported else 1)
    assert worked(job).state == "ready"
    assert Stimulus.objects.count() == 6
    assert study.log.filter(action="images uploaded").count() == 1
    LooseFile.objects.update(created_at=timezone.now() - timedelta(hours=2))
    orphan_files.delete_orphans()
    owned = {name for pair in Stimulus.objects.values_list("image", "preview") for name in pair}
    assert stored_files() == owned | set(study.clips.values_list("audio", flat=True))


@pytest.mark.usefixtures("read_here")
def test_a_full_disk_leaves_nothing_half(study: Study, monkeypatch: Any) -> None:
    before = stored_files()
    save, saved = default_storage.save, []

    def full(name: str, content: Any) -> str:
        saved.append(name)
        if len(saved) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(name, content)

    job = asked(study, named_files(study))
    monkeypatch.setattr(default_storage, "save", full)
    assert "disk is full" in worked(job).error
    assert stored_files() == before
    assert not Stimulus.objects.exists()
    assert not LooseFile.objects.exists()
    assert not JobFile.objects.exists()
    monkeypatch.undo()
    assert worked(asked(study, named_files(study))).state == "ready"  # the control


def delete_clip(study: Study) -> None:
    study.clips.get(number=2).delete()


def delete_condition(study: Study) -> None:
    study.conditions.get(key="painter_b").delete()


def open_it(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)


def change_size(study: Study) -> None:
    settings = settings_of(study)
    store_settings(study, settings.model_copy(update={"painter": settings.painter.model_copy(update={"size": 256})}))


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (delete_clip, "song2.mp3 was deleted while its pictures were read"),
        (delete_condition, "painter_b was deleted while its pictures were read"),
        (open_it, "can no longer change"),
        (change_size, "The size of images was changed while the pictures were read"),
    ],
)
def test_a_study_that_changes_meanwhile_is_looked_at_again(
    study: Study, monkeypatch: Any, change: Any, said: str
) -> None:
    _then(monkeypatch, lambda: change(study))
    before = stored_files()
    job = worked(asked(study, named_files(study)))
    assert job.state == "failed"
    assert said in job.error
    assert not Stimulus.objects.exists()
    assert stored_files() <= before
    assert not study.log.filter(action="images uploaded").exists()


@pytest.mark.usefixtures("read_here")
def test_an_upload_for_which_no_worker_came_within_a_day_is_not_imported(study: Study) -> None:
    job = asked(study, named_files(study))
    Job.objects.update(requested_at=timezone.now() - timedelta(days=1, hours=1))
    assert "No worker had time for this upload within a day." in worked(job).error
    assert not Stimulus.objects.exists()
    assert waiting_files() == []


def test_two_processes_give_the_same_images_and_the_same_faults(study: Study) -> None:
    uploading.take_upload(study, named_files(study), processes=1)
    one = list(Stimulus.objects.order_by("clip", "condition").values_list("image_digest", flat=True))
    uploading.take_upload(study, named_files(study), processes=2)
    assert list(Stimulus.objects.order_by("clip", "condition").values_list("image_digest", flat=True)) == one
    wrong = {f"song{n}__painter_{letter}": picture()[:80] for n in (1, 2) for letter in "ac"}
    told = []
    for processes in (1, 2):
        with pytest.raises(uploading.UploadRefused) as refused:
            uploading.take_upload(study, named_files(study, **wrong), processes=processes)
        told.append(refused.value.faults)
    assert told[0] == told[1]
    assert len(told[0]) == 4
