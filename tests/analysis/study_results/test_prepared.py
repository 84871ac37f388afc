"""Files that workers make of results: ready when somebody comes, made once, and always of the data as they are now."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from analysis.study_results import analyses, prepared, report_files
from analysis.study_results.reporting_answers import save_reporting_answers
from analysis.tables import preferences
from analysis.tables.preference_zip import preferences_zip
from analysis.tables.study_tables import ballots_csv_parts
from analysis.tasks import run_analysis
from study.background_work import messages
from study.ballots.casting import Answer, cast_ballot
from study.jobs.requests import find_lost_jobs, request_job
from study.jobs.work import run_job
from study.models import Job, Study
from study.models.log import record
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import withdraw
from tests.analysis.answered_studies import answered_study, close, closed_study
from tests.config.addresses import body, browser
from tests.shared_rows import RowsOfFile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folders_and_short_reports(settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The report's page alone: Typst takes seconds, and `test_result_pages` makes all files."""
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path
    monkeypatch.setattr(prepared, "files_in", lambda language: [f"report-{language}.html"])
    monkeypatch.setattr(messages, "send", lambda _task, _arguments: True)


@pytest.fixture(scope="module")
def analysed(rows_of_file: RowsOfFile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The number of a study, and the folder of its files."""
    folder = tmp_path_factory.mktemp("analysed")
    with rows_of_file():
        with override_settings(MEDIA_ROOT=folder), pytest.MonkeyPatch.context() as patch:
            patch.setattr(messages, "send", lambda _task, _arguments: True)
            study = closed_study(people=3, clips=1)
            run_analysis(analyses.request_analysis(study).pk)
        yield study.pk, folder


@pytest.fixture
def study(analysed: tuple[int, Path], db: None, settings: Any) -> Study:
    number, folder = analysed
    shutil.copytree(folder, settings.MEDIA_ROOT)
    return Study.objects.get(pk=number)


@pytest.fixture
def client(study: Study) -> Client:
    return browser(study.owner)


def results(study: Study, name: str = "") -> str:
    return reverse("study_results", args=[study.slug]) + name


def test_the_report_is_asked_for_right_after_the_analysis_and_the_pages_wait_for_it(client, study):
    assert sorted(job.arguments["language"] for job in study.jobs.all()) == ["en", "ko"]
    job = study.jobs.get(arguments={"language": "en"})
    page = client.get(results(study)).text
    assert "The report is being written" in page
    assert "<iframe" not in page
    waiting = client.get(results(study, "report.html?language=en"))
    assert waiting.status_code == 302
    assert waiting.headers["Location"].startswith(reverse("study_job", args=[study.slug, job.pk]))
    run_job(job.pk)
    ready = client.get(waiting.headers["Location"]).text
    assert f'href="{results(study, "report.html?language=en")}"' in ready
    assert b"<!doctype html>" in body(client.get(results(study, "report.html?language=en")))
    assert "<iframe" in client.get(results(study)).text
    assert study.jobs.count() == 2


def test_a_report_asked_for_while_the_broker_is_away_is_made_when_it_is_back(client, study, monkeypatch):
    study.jobs.all().delete()
    monkeypatch.setattr(messages, "send", lambda _task, _arguments: False)
    assert client.get(results(study, "report.html")).status_code == 302
    find_lost_jobs(starting=False)
    assert study.jobs.get().sent_at is None
    sent: list[int] = []
    monkeypatch.setattr(messages, "send", lambda _task, arguments: sent.append(arguments[0]) or True)
    find_lost_jobs(starting=False)
    find_lost_jobs(starting=False)
    assert sent == [study.jobs.get().pk]
    run_job(sent[0])
    assert client.get(results(study, "report.html")).status_code == 200


def test_what_waits_while_somebody_withdraws_is_not_made(client, study):
    person = study.participants.first()
    withdraw(person)
    for job in study.jobs.all():
        run_job(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.FAILED
        assert "Somebody has withdrawn since the analysis" in job.error
        assert not job.files.exists()


def test_a_file_is_of_the_data_as_they_are_now(study):
    def state() -> str:
        return json.dumps(prepared.results_version(study))

    before = state()
    record(study, "downloaded", file="report.html")
    record(study, "head published", number=1)
    assert state() == before  # the control: these change nothing that a file tells
    changes = (
        lambda: save_reporting_answers(study, {"recruitment": "by mail"}),
        lambda: set_exclusion(study, study.participants.first().code, "a test"),
        lambda: Study.objects.filter(pk=study.pk).update(title="Another title"),
        lambda: analyses.build_analysis(study),
        lambda: withdraw(study.participants.last()),
    )
    for number, change in enumerate(changes):
        change()
        assert state() != before, number
        before = state()


def test_a_large_table_is_made_by_a_worker_and_a_small_one_at_once(client, study, monkeypatch):
    at_once = client.get(results(study, "ballots.csv"))
    assert at_once.status_code == 200
    monkeypatch.setattr(prepared, "MOST_IN_A_REQUEST", 2)
    waiting = client.get(results(study, "ballots.csv"))
    assert waiting.status_code == 302
    run_job(study.jobs.get(kind=prepared.TABLE).pk)
    made = client.get(results(study, "ballots.csv"))
    assert body(made) == at_once.content == b"".join(ballots_csv_parts(study))
    assert made.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    assert "participants" not in str(study.jobs.filter(kind=prepared.TABLE).values("arguments"))
    assert client.get(results(study, "participants.csv")).status_code == 302


def test_preference_pairs_are_made_by_a_worker_or_say_what_is_missing(client, study, monkeypatch):
    address = results(study, "preferences.zip")
    assert client.get(address).status_code == 302
    job = study.jobs.get(kind=prepared.TABLE)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, "5 people or more" in job.error) == (Job.State.FAILED, True)
    monkeypatch.setattr(preferences, "FEWEST_PEOPLE", 3)
    job.delete()
    assert client.get(address).status_code == 302
    run_job(study.jobs.get(kind=prepared.TABLE).pk)
    made = client.get(address)
    assert made.headers["Content-Type"] == "application/zip"
    assert body(made) == preferences_zip(study)


def test_a_table_is_made_again_once_somebody_who_stopped_is_judged_anew(monkeypatch):
    study = answered_study(people=2, clips=4)
    stopped, _token = enrol(study)
    for trial in stopped.trials.order_by("number")[:3]:
        cast_ballot(trial, Answer(uuid4(), "A", "B"))
    study = close(study)
    run_analysis(analyses.request_analysis(study).pk)
    monkeypatch.setattr(prepared, "MOST_IN_A_REQUEST", 1)
    client = browser(study.owner)
    address = results(study, "ballots.csv")
    assert client.get(address).status_code == 302
    run_job(study.jobs.get(kind=prepared.TABLE).pk)
    for _look in range(2):  # the control: nothing has changed
        made = body(client.get(address))
        assert b"left_tab" not in made
    for trial in stopped.trials.order_by("number"):
        stopped.events.create(trial=trial, kind="hidden")
    entries = study.log.exclude(action="downloaded").count()
    assert client.get(address).status_code == 302
    assert study.log.exclude(action="downloaded").count() == entries
    waiting = study.jobs.get(kind=prepared.TABLE, state=Job.State.WAITING)
    run_job(waiting.pk)
    assert b"left_tab" in body(client.get(address))


def test_what_is_judged_only_when_a_waiting_table_is_made_fails_no_job(study):
    stopped = study.participants.last()
    study.participants.filter(pk=stopped.pk).update(status="started", judged_at=None, flags=["left_tab"])
    job = request_job(study, prepared.TABLE, {"name": "ballots.csv"})
    run_job(job.pk)
    job.refresh_from_db()
    assert study.participants.get(pk=stopped.pk).flag_kinds != ["left_tab"], "they were judged"
    assert job.state == Job.State.READY, job.error


def test_a_report_that_fails_is_told_once_and_made_again_when_asked(client, study, monkeypatch):
    job = study.jobs.get(arguments={"language": "en"})
    with monkeypatch.context() as broken:
        broken.setattr(prepared, "files_in", lambda _language: 1 / 0)
        run_job(job.pk)
    for _look in range(2):
        assert "nobody foresaw (ZeroDivisionError" in client.get(results(study)).text
    assert study.jobs.count() == 2
    assert client.get(results(study, "report.html")).status_code == 302
    run_job(study.jobs.first().pk)
    assert "<iframe" in client.get(results(study)).text


def test_all_files_of_a_report_are_made_from_one_reading_of_the_study(study, monkeypatch):
    read: list[str] = []

    def reading(analysis: Any, language: str, *more: Any) -> Any:
        read.append(language)
        return context(analysis, language, *more)

    context = report_files.report_context
    monkeypatch.setattr(report_files, "report_context", reading)
    for name, (_write, language) in report_files._WRITERS.items():
        if name.endswith((".pdf", ".zip")):  # Typst takes seconds
            monkeypatch.setitem(report_files._WRITERS, name, (lambda report: report.context.title, language))
    names = [name for name, _content in report_files.report_files(analyses.latest(study))]
    assert sorted(names) == sorted(report_files.REPORT_FILES)
    assert read == ["en", "ko"]
