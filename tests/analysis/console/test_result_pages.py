"""The results pages: who may see them, what the seal hides, and outdated or failed analyses."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.study_results.report_files import REPORT_FILES
from study.models import Study
from study.participants.withdrawal import withdraw
from tests.analysis.answered_studies import closed_study
from tests.factories import UserFactory
from tests.shared_rows import study_of_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("jobs_at_once")]
TABLES = [f"{name}{kind}.csv" for name in ("answers", "participants") for kind in ("", "_codebook")]
FILES = [*REPORT_FILES, "ballots.csv", "codebook.csv", *TABLES, "analysis.json"]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def analysed() -> Study:
    found = closed_study(people=3, clips=2)
    found.members.add(UserFactory(username="teammate"))
    analyses.build_analysis(found)
    return found


made, study = study_of_file(analysed)


def address(study: Study, name: str = "") -> str:
    return f"/console/studies/{study.slug}/results/{name}"


@pytest.mark.usefixtures("typeset_nothing")
def test_owner_and_teammate_see_the_results_and_a_stranger_gets_404(study: Study) -> None:
    pages = ["", "report.html", "scores.csv", "bundle.zip"]
    for user in (study.owner, study.members.get()):
        assert [signed_in(user).get(address(study, page)).status_code for page in pages] == [200] * 4
    stranger = signed_in(UserFactory())
    assert [stranger.get(address(study, page)).status_code for page in pages] == [404] * 4
    assert all(Client().get(address(study, page)).status_code == 302 for page in pages)


def test_every_file_has_the_format_of_its_name(study: Study) -> None:
    client = signed_in(study.owner)
    start = {"pdf": b"%PDF", "xlsx": b"PK", "tex": b"% Compile with ", "zip": b"PK", "html": b"<!doctype"}
    for name in FILES:
        response = client.get(address(study, name))
        assert response.status_code == 200, name
        content = response.getvalue()
        assert content.startswith(start.get(name.rpartition(".")[2], b"")), name
        assert content, name
        assert name in response["Content-Disposition"]
    assert client.get(address(study, "secrets.csv")).status_code == 404


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_figure_can_be_downloaded_alone_in_each_format(study: Study, language: str) -> None:
    client = signed_in(study.owner)
    page = client.get(address(study, f"figures/?language={language}")).content.decode()
    links = [
        link for link in re.findall(r'href="([^"]+)"', page) if link.startswith(address(study, f"figures/{language}/"))
    ]
    with zipfile.ZipFile(io.BytesIO(client.get(address(study, f"figures-{language}.zip")).getvalue())) as archive:
        files = {name.removeprefix("figures/"): archive.read(name) for name in archive.namelist()}
    assert {link.rpartition("/")[2] for link in links} == files.keys()
    assert len(links) == len(files) == page.count("<svg xmlns") * 3 > 9
    title = {"en": "How much, and how sure", "ko": "점수와 그 불확실성"}[language]
    start = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}
    for kind, begin in start.items():
        response = client.get(address(study, f"figures/{language}/points.{kind}"))
        assert response.content.startswith(begin)
        assert f'filename="{study.slug}-{language}-points.{kind}"' in response["Content-Disposition"]
        assert response.content == files[f"points.{kind}"]
    assert title in client.get(address(study, f"figures/{language}/points.svg")).content.decode()
    for wrong in ("points.gif", "nothing.svg", "points", ".svg"):
        assert client.get(address(study, f"figures/{language}/{wrong}")).status_code == 404
    assert client.get(address(study, "figures/xx/points.svg")).status_code == 404


@pytest.mark.usefixtures("typeset_nothing")
def test_the_bundle_from_the_page_is_a_whole_export(study: Study) -> None:
    response = signed_in(study.owner).get(address(study, "bundle.zip"))
    content = b"".join(response.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        assert {"ballots.csv", "codebook.csv", "report-en.pdf", "SHA256SUMS"} <= set(bundle.namelist())


def test_while_sealed_every_file_and_the_report_are_404(study: Study) -> None:
    client = signed_in(study.owner)  # the analysis exists already, as after a reopening
    for status in ("open", "paused", "closed"):
        Study.objects.filter(pk=study.pk).update(status=status, closed_at=timezone.now(), grace_minutes=60)
        for name in ["report.html", "bundle.zip", "figures/", "figures/en/points.svg", *FILES]:
            assert client.get(address(study, name)).status_code == 404, name
        page = client.get(address(study)).content.decode()
        assert "Sealed" in page
        assert "report.html" not in page


@pytest.mark.usefixtures("typeset_nothing")
def test_the_page_warns_if_the_report_is_older_than_the_answers(study: Study) -> None:
    client = signed_in(study.owner)
    assert "since this report" not in client.get(address(study)).content.decode()
    person = study.participants.first()
    person.excluded = True
    person.save()
    assert "Answers have come or changed since this report" in client.get(address(study)).content.decode()
    assert client.get(address(study, "bundle.zip")).status_code == 302


def test_a_failed_analysis_shows_its_error() -> None:
    study = closed_study(people=0, clips=1)
    failed = analyses.build_analysis(study)
    assert failed.state == Analysis.State.FAILED
    page = signed_in(study.owner).get(address(study)).content.decode()
    assert "there are no ballots" in page


@pytest.mark.usefixtures("typeset_nothing")
def test_results_of_other_numbers_of_conditions_are_reported() -> None:
    for conditions in (2, 3, 6):
        study = closed_study(people=3, clips=2, conditions=conditions)
        assert analyses.build_analysis(study).state == Analysis.State.READY
        page = signed_in(study.owner).get(address(study, "report.html"))
        assert page.status_code == 200
        assert "Painter a" in page.getvalue().decode()


@pytest.mark.usefixtures("typeset_nothing")
def test_after_a_withdrawal_nothing_of_the_analysis_is_given_out_until_it_is_made_anew(study: Study) -> None:
    """Also if the ballots are the same: this person gave none."""
    person = study.participants.create(number=9, token_hash="x" * 64)
    client = signed_in(study.owner)
    withdraw(person)
    page = client.get(address(study)).text
    assert "Somebody has withdrawn since the last analysis" in page
    assert "<iframe" not in page
    for name in ("report.html", "figures/", "report-en.pdf", "report.xlsx", "analysis.json", "bundle.zip"):
        refused = client.get(address(study, name))
        assert (refused.status_code, refused.headers["Location"]) == (302, address(study)), name
    assert "analyse again" in client.get(address(study)).text
    study.refresh_from_db()
    assert not analyses.is_current(analyses.latest(study))
    analyses.build_analysis(study)
    assert client.get(address(study, "report.xlsx")).status_code == 200
    assert "<iframe" in client.get(address(study)).text
