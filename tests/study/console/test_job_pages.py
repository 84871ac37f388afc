"""The page of a job: its progress, its files, who may see them, and when they are given out no more."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from study import jobs
from study.errors import NotAllowedNow
from study.jobs import JobKind, RunningJob
from study.jobs.work import run_job
from study.models import Job, Study
from study.participants.withdrawal import withdraw
from tests.factories import UserFactory, make_open_study
from tests.study.jobs.stored import forget_kinds
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
CONTENT = b"0123456789"


@pytest.fixture(autouse=True)
def _kind(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path

    def work(job: RunningJob) -> None:
        job.new_result("digits.txt", "text/plain").write_bytes(CONTENT)

    def check(study: Study, _arguments: Any) -> None:
        if study.title == "sealed":
            raise NotAllowedNow("It is sealed.")

    def version(study: Study, _arguments: Any) -> int:
        return study.erasures

    forget_kinds(monkeypatch)
    jobs.register(JobKind("digits", work, lambda _job: "Ten digits", "study_overview", check, version))


@pytest.fixture
def study() -> Study:
    return make_open_study(clips=1)


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.owner)
    return client


def page_of(job: Job, then: str = "") -> str:
    return reverse("study_job", args=[job.study.slug, job.pk]) + then


def file_of(job: Job) -> str:
    return reverse("job_file", args=[job.study.slug, job.pk, job.results.get().pk])


def ready(study: Study) -> Job:
    job = jobs.request_job(study, "digits", actor=study.owner)
    run_job(job.pk)
    job.refresh_from_db()
    return job


def test_the_page_tells_the_progress_then_offers_the_file(client, study):
    job = jobs.request_job(study, "digits", actor=study.owner)
    assert "It waits for a worker." in client.get(page_of(job)).content.decode()
    Job.objects.update(state="running", done=3, total=10)
    page = client.get(page_of(job)).content.decode()
    assert "3 of 10 are done." in page
    assert 'max="10" value="3"' in page
    moving = client.get(page_of(job, "?part")).content.decode()
    assert "<html" not in moving
    assert "data-reload" not in moving
    Job.objects.update(state="waiting")
    run_job(job.pk)
    assert "data-reload" in client.get(page_of(job, "?part")).content.decode()
    assert f'href="{file_of(job)}"' in client.get(page_of(job)).content.decode()
    told = client.get(page_of(job), headers={"Accept": "application/json"}).json()
    assert (told["state"], told["files"][0]["url"], told["files"][0]["size"]) == ("ready", file_of(job), 10)
    listed = client.get(reverse("study_jobs", args=[study.slug])).content.decode()
    assert "Ten digits" in listed
    assert file_of(job) in listed


def test_the_page_leads_to_an_address_of_this_site_only(client, study):
    job = ready(study)
    assert 'href="/console/x/" data-open' in client.get(page_of(job), {"then": "/console/x/"}).content.decode()
    for address in ("https://example.org/", "//example.org/", "javascript:alert(1)", "/\\example.org"):
        page = client.get(page_of(job), {"then": address}).content.decode()
        assert f'href="{file_of(job)}" data-open' in page


def test_a_file_is_sent_whole_or_in_ranges_and_logged(client, study):
    job = ready(study)
    whole = client.get(file_of(job))
    assert b"".join(whole.streaming_content) == CONTENT
    assert whole["Content-Disposition"] == 'attachment; filename="digits.txt"'
    part = client.get(file_of(job), headers={"Range": "bytes=4-", "If-Range": whole["ETag"]})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, CONTENT[4:])
    other = client.get(file_of(job), headers={"Range": "bytes=4-", "If-Range": '"of another file"'})
    assert (other.status_code, b"".join(other.streaming_content)) == (200, CONTENT)
    assert study.log.filter(action="downloaded", data__file="digits.txt").count() == 3


def test_strangers_learn_of_no_job_and_no_file(study):
    job = ready(study)
    stranger = Client()
    for address in (page_of(job), file_of(job), reverse("study_jobs", args=[study.slug])):
        assert stranger.get(address).status_code == 302
    stranger.force_login(UserFactory())
    for address in (page_of(job), file_of(job), reverse("study_jobs", args=[study.slug])):
        assert stranger.get(address).status_code == 404
    other = make_open_study(clips=1, owner=get_user_model().objects.get(pk=stranger.session["_auth_user_id"]))
    assert stranger.get(reverse("study_job", args=[other.slug, job.pk])).status_code == 404
    assert stranger.get(reverse("job_file", args=[other.slug, job.pk, job.results.get().pk])).status_code == 404


def test_a_file_is_not_given_out_while_the_study_is_sealed(client, study):
    job = ready(study)
    assert client.get(file_of(job)).status_code == 200  # the control
    Study.objects.update(title="sealed")
    refused = client.get(file_of(job), follow=True)
    assert "It is sealed." in refused.content.decode()
    assert not study.log.filter(action="downloaded").exclude(number=study.log.last().number).exists()


def test_files_are_erased_at_once_when_somebody_withdraws(client, study, django_capture_on_commit_callbacks):
    visit = Visit(study).to_trials()
    visit.finish()
    job = ready(study)
    stored = Path(job.results.get().file.path)
    address = file_of(job)
    assert stored.exists()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(visit.participant)
    assert not stored.exists()
    assert client.get(address).status_code == 404
    assert "Somebody&#x27;s data have been erased since" in client.get(page_of(job)).content.decode()
    again = ready(study)
    assert again != job
    assert client.get(file_of(again)).status_code == 200


def test_a_job_that_goes_on_while_somebody_withdraws_gives_out_nothing(study, client):
    visit = Visit(study).to_trials()
    visit.finish()

    def work(job: RunningJob) -> None:
        job.new_result("digits.txt", "text/plain").write_bytes(CONTENT)
        withdraw(visit.participant)

    jobs.register(JobKind("digits", work, str, "study_overview", version=lambda study, _arguments: study.erasures))
    job = ready(study)
    assert job.state == "failed"
    assert not job.files.exists()


def test_a_job_is_cancelled_by_its_button_once(client, study):
    job = jobs.request_job(study, "digits")
    address = reverse("job_cancel", args=[study.slug, job.pk])
    assert client.get(address).status_code == 405
    assert "It was cancelled." in client.post(address, follow=True).content.decode()
    assert "This work has ended already." in client.post(address, follow=True).content.decode()
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"
