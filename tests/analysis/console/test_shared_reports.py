"""A report that is shared by a link: who makes it, what it shows to whom, and when it ends."""

import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.models import Analysis, SharedReport
from analysis.study_results import analyses, shared_reports
from analysis.study_results.shared_reports import end_share, job_of, share_report
from study.errors import NotAllowedNow
from study.models import Job, JobFile, Study
from study.participants.log_masking import mask
from study.participants.retention import enforce_retention
from study.participants.withdrawal import withdraw
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import browser
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("jobs_at_once")]


class FakeReport:
    """A report that is written at once: its files name their analysis."""

    def __init__(self, analysis: Analysis, language: str) -> None:
        self.analysis = analysis

    def file(self, name: str) -> bytes:
        if not name.endswith(".zip"):
            return f"{name} of analysis {self.analysis.pk}".encode()
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("figures/points.svg", "<svg/>")
        return archive.getvalue()

    def figures(self) -> list[Any]:
        return [SimpleNamespace(key="points", title="How much")]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """A closed study with an analysis whose reports cost nothing to write."""
    monkeypatch.setattr(shared_reports, "Report", FakeReport)
    found = closed_study(people=1, clips=1)
    found.members.add(UserFactory(username="teammate"))
    analysed(found)
    return found


def analysed(study: Study) -> Analysis:
    """Analyse the answers anew, as far as links are concerned."""
    study.refresh_from_db()
    return Analysis.objects.create(study=study, state=Analysis.State.READY, erasures=study.erasures)


def shared(study: Study, days: int = 30) -> str:
    """Share the report; return the path of the link."""
    _share, address = share_report(study, timezone.localdate() + timedelta(days=days), actor=study.owner)
    return urlsplit(address).path


def page_of(study: Study) -> str:
    return reverse("study_share", args=[study.slug])


def is_gone(path: str) -> bool:
    """Whether the link looks like one that never existed, with each of its files."""
    nowhere = Client().get(f"/report/{'x' * 22}/")
    answers = [Client().get(path + name) for name in ("", "report-en.html", "figures/en/points.svg", "figures-ko.zip")]
    return all((answer.status_code, answer.content) == (404, nowhere.content) for answer in answers)


def test_a_link_shows_the_report_its_pdf_and_figures_and_nothing_of_the_console() -> None:
    study = closed_study(people=3, clips=2, title="Zither pictures")
    analyses.build_analysis(study)
    path = shared(study)
    visitor = Client(HTTP_ACCEPT_LANGUAGE="en")
    answer = visitor.get(path)
    page = answer.text
    assert answer.status_code == 200
    assert "Zither pictures" in page
    assert '"/console/' not in page
    assert not visitor.cookies
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    own = [link for link in links if link.startswith(path)]
    assert {f"{path}report-en.html", f"{path}report-en.pdf", f"{path}figures-en.zip"} <= set(own)
    start = {"html": b"<!doctype", "pdf": b"%PDF", "zip": b"PK", "svg": b"<svg", "png": b"\x89PNG"}
    assert len(own) > 12
    for link in own:
        file = visitor.get(link)
        content = file.getvalue() if file.streaming else file.content
        assert content.startswith(start[link.rpartition(".")[2]]), link
        assert file.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert file.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in file.headers["Cache-Control"]
    report = visitor.get(f"{path}report-en.html")
    assert "frame-ancestors 'self'" in report.headers["Content-Security-Policy"]
    assert "/console/" not in report.getvalue().decode()
    korean = visitor.get(f"{path}?language=ko").text
    assert f"{path}report-ko.html" in korean
    assert 'lang="ko"' in korean
    with zipfile.ZipFile(io.BytesIO(visitor.get(f"{path}figures-ko.zip").getvalue())) as archive:
        assert "figures/points.svg" in archive.namelist()
    for name in (
        "ballots.csv",
        "participants.csv",
        "analysis.json",
        "bundle.zip",
        "report.xlsx",
        "figures/xx/points.svg",
    ):
        assert visitor.get(path + name).status_code == 404, name
    assert mask(f"GET {path}") == f"GET /report/{path.split('/')[2][:4]}…/"


def test_the_page_of_another_study_takes_no_new_link_away(study: Study) -> None:
    owner, other = browser(study.owner), analysed(closed_study(people=1, clips=1, owner=study.owner)).study
    owner.post(page_of(study), {"last_day": timezone.localdate().isoformat()})
    found = [re.findall(r'value="http[^"]+/report/', owner.get(page_of(each)).text) for each in (other, study)]
    assert [len(links) for links in found] == [0, 1]


def test_the_owner_makes_lists_and_ends_links_and_others_do_not(study: Study) -> None:
    owner = browser(study.owner)
    last = timezone.localdate() + timedelta(days=7)
    made = owner.post(page_of(study), {"last_day": last.isoformat(), "note": "for Jun"}, follow=True)
    address = re.search(r'value="(http[^"]+/report/[^"]+)"', made.text)[1]
    assert address not in owner.get(page_of(study)).text  # shown once
    row = SharedReport.objects.get()
    assert row.token_hash not in address
    assert "never opened" in owner.get(page_of(study)).text
    assert Client().get(urlsplit(address).path).status_code == 200
    row.refresh_from_db()
    assert row.last_opened_on == timezone.localdate()
    assert "for Jun" in owner.get(page_of(study)).text
    end = reverse("study_share_end", args=[study.slug, row.pk])
    teammate = browser(study.members.get())
    assert "Only" in teammate.get(page_of(study)).text
    assert teammate.post(page_of(study), {"last_day": last.isoformat()}).status_code == 403
    teammate.post(end)
    assert SharedReport.objects.get() == row
    stranger = browser(UserFactory())
    assert stranger.get(page_of(study)).status_code == stranger.post(end).status_code == 404
    assert owner.post(end).status_code == 302
    assert is_gone(urlsplit(address).path)
    assert not JobFile.objects.filter(job__kind="shared_report").exists()
    entries = study.log.filter(action__in=(shared_reports.SHARED, shared_reports.SHARE_ENDED))
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("report shared", study.owner),
        ("shared report ended", study.owner),
    ]
    assert "Jun" not in str([entry.data for entry in entries])  # the log is for ever


@pytest.mark.parametrize("days", [-1, 366])
def test_a_last_day_is_within_a_year(study: Study, days: int) -> None:
    day = timezone.localdate() + timedelta(days=days)
    answer = browser(study.owner).post(page_of(study), {"last_day": day.isoformat()})
    assert answer.status_code == 400
    assert "Choose a last day between" in answer.text
    assert not SharedReport.objects.exists()


def test_a_link_ends_after_its_last_day_and_its_files_go(study: Study, settings: Any) -> None:
    path = shared(study, days=20)
    names = [str(file.file) for file in JobFile.objects.filter(job__kind="shared_report")]
    later = timezone.now() + timedelta(days=10)
    enforce_retention(now=later)  # longer than downloads are kept
    assert Client().get(path).status_code == 200
    SharedReport.objects.update(last_day=timezone.localdate() - timedelta(days=1))
    assert is_gone(path)
    enforce_retention(now=later)
    assert names
    assert not any(default_storage.exists(name) for name in names)
    assert "ended" in browser(study.owner).get(page_of(study)).text


def test_after_a_withdrawal_a_link_shows_nothing_any_more(study: Study) -> None:
    path = shared(study)
    assert not is_gone(path)
    withdraw(study.participants.first())
    assert is_gone(path)
    assert not JobFile.objects.filter(job__kind="shared_report").exists()
    assert "somebody has withdrawn since" in browser(study.owner).get(page_of(study)).text
    with pytest.raises(NotAllowedNow, match="analyse again"):
        share_report(study, timezone.localdate(), actor=study.owner)


def test_after_another_analysis_a_link_shows_its_own_and_says_so(study: Study) -> None:
    path = shared(study)
    before = Client().get(f"{path}report-en.html").getvalue()
    analysed(study)
    assert Client().get(f"{path}report-en.html").getvalue() == before
    assert "has been analysed anew since" in Client().get(path).text
    assert "has been analysed anew since" not in Client().get(shared(study)).text


def test_files_that_were_lost_are_made_again_of_the_same_analysis(study: Study) -> None:
    path = shared(study)
    share = SharedReport.objects.get()
    analysed(study)
    file = JobFile.objects.get(job=job_of(share), name="report-en.html")
    default_storage.delete(str(file.file))
    assert Client().get(f"{path}report-en.html").status_code == 404
    assert Client().get(f"{path}report-en.html").status_code == 200
    again = Client().get(f"{path}report-en.html").getvalue().decode()
    assert again == f"report-en.html of analysis {share.analysis_id}"


def test_a_simulated_study_and_one_without_results_say_so(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(simulated=True)
    assert "Simulated" in Client().get(shared(study)).text
    Study.objects.filter(pk=study.pk).update(closed_at=timezone.now())
    study.refresh_from_db()
    assert browser(study.owner).get(page_of(study)).status_code == 404
    with pytest.raises(NotAllowedNow, match="sealed"):
        share_report(study, timezone.localdate(), actor=study.owner)
    assert is_gone(f"/report/{'y' * 22}/")


def test_guesses_of_links_are_limited_and_valid_ones_are_not(study: Study) -> None:
    path = shared(study)
    guesser = Client(REMOTE_ADDR="203.0.113.19")
    statuses = [guesser.get(f"/report/{number:022}/").status_code for number in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({404}, 429)
    assert guesser.get(path).status_code == 200
    end_share(SharedReport.objects.get(), actor=study.owner)
    assert guesser.get(path).status_code == 429


def test_while_a_worker_writes_the_report_the_page_waits(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.jobs.requests.wake", lambda _job: None)
    path = shared(study)
    waiting = Client().get(path)
    assert waiting.status_code == 202
    assert "is being written" in waiting.text
    assert "data-reload" not in Client().get(f"{path}?part").text
    assert Client().get(f"{path}report-en.html").status_code == 404
    Job.objects.filter(kind="shared_report").update(state=Job.State.FAILED)
    assert "data-reload" in Client().get(f"{path}?part").text
    failed = Client().get(path)
    assert failed.status_code == 503
    assert "cannot be shown now" in failed.text
    assert Job.objects.filter(kind="shared_report").count() == 1  # visitors do not repeat what fails
