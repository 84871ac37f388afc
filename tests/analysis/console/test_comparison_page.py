"""The page “Compare studies” and the command: who sees what, and the same numbers from both."""

import io
import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.models import Analysis
from config.bundles import export_study
from study.models import Role, Study
from tests.analysis.answered_studies import closed_study
from tests.analysis.comparison.sources import SEED_TABLE, analysed_study, written
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study
from tests.without_processes import read_here

pytestmark = pytest.mark.django_db
PAGE = "/console/compare/"


@pytest.fixture
def mina() -> Any:
    return UserFactory(username="mina")


@pytest.fixture
def two(mina: Any) -> list[Study]:
    """Two studies of mina; the second has another title than a page may show as it is."""
    titles = ("Songs of Seoul", "<script>alert(1)</script> & 긴 제목")
    return [
        analysed_study(seed, owner=mina, title=title, slug=f"s{seed}") for seed, title in enumerate(titles, start=1)
    ]


def upload(name: str, content: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_two_studies_are_compared_at_an_address(mina: Any, two: list[Study]) -> None:
    assert reverse("compare_studies") == PAGE
    client = browser(mina)
    first = client.get(PAGE)
    assert "Songs of Seoul" in first.text
    sent = client.post(PAGE, {"study": ["s1", "s2"], "method": "dl"})
    assert (sent.status_code, sent["Location"]) == (302, f"{PAGE}?study=s1&study=s2&method=dl")
    shown = client.get(sent["Location"])
    assert shown.status_code == 200
    text = text_of(shown)
    assert "Over 2 studies, “Redefined − original” is" in text
    assert "Two studies cannot tell how far studies differ" in text
    assert "<script>alert(1)" not in shown.text
    assert "&lt;script&gt;alert(1)" in shown.text
    found = json.loads(client.get(f"{sent['Location']}&download=json").content)
    assert found["method"] == "dl"
    assert [row["slug"] for row in found["studies"]] == ["s1", "s2"]
    stored = [study.analyses.get().result["primary"] for study in two]
    assert [(row["estimate"], row["se"]) for row in found["studies"]] == [(t["estimate"], t["se"]) for t in stored]
    assert f"{found['combined']['mean']['estimate']:.2f}" in text
    # The command gives the same to the byte.
    out = io.StringIO()
    call_command("compare_studies", study=["s1", "s2"], method="dl", stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue()) == found


@pytest.mark.usefixtures("read_here")
def test_downloads_are_of_their_kinds(mina: Any, two: list[Study]) -> None:
    client, address = browser(mina), f"{PAGE}?study=s1&study=s2&download="
    table = client.get(f"{address}csv").text
    assert [line.split(",")[0] for line in table.splitlines()[:4]] == ["row", "study", "study", "mean"]
    svg = client.get(f"{address}svg")
    assert svg["Content-Type"] == "image/svg+xml"
    assert "<script" not in svg.text
    assert client.get(f"{address}pdf").content.startswith(b"%PDF")
    assert client.get(f"{address}png").content.startswith(b"\x89PNG")
    assert client.get(f"{address}exe").status_code == 404
    assert client.get(f"{PAGE}?download=json").status_code == 200  # nothing chosen: the page


def test_files_of_others_stand_beside_studies_and_nothing_is_stored(
    mina: Any, two: list[Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(mina)
    result = json.dumps(two[1].analyses.get().result)
    shown = client.post(PAGE, {"study": ["s1"], "files": [upload("scores.csv", SEED_TABLE), upload("b.json", result)]})
    text = text_of(shown)
    assert "Over 3 studies" in text
    assert "The true effect of a new study would lie between" in text
    assert "“original_sentence” is printed as 58 and adds up to 55; the cells are used" in text
    assert "These files do not say whether people or a simulation answered: “scores.csv”, “b.json”." in text
    read_here(monkeypatch)  # the first were read in a bounded process
    kept = [unescape(value) for value in re.findall(r'name="kept" value="([^"]*)"', shown.text)]
    assert len(kept) == 2
    again = client.post(PAGE, {"study": ["s1"], "kept": kept, "download": "json"})
    assert [row["name"] for row in json.loads(again.content)["studies"]] == ["Songs of Seoul", "scores.csv", "b.json"]
    assert json.loads(again.content)["studies"][1]["estimate"] == pytest.approx(2.65)
    assert "compared" not in " ".join(client.session.keys())
    # The same file twice is one; the study of this installation and its own file are one too.
    twice = client.post(PAGE, {"study": ["s2"], "kept": kept, "files": [upload("b.json", result)]})
    assert "It is the same study as" in text_of(twice)
    refused = client.post(PAGE, {"study": ["s1"], "files": [upload("photo.png", b"\x89PNG\r\n\x1a\n")]})
    assert refused.status_code == 400
    assert "photo.png is no export" in text_of(refused)
    forged = client.post(PAGE, {"study": ["s1"], "kept": ["{", '{"origin":"file","effects":[7]}', "[" * 10_000]})
    assert forged.status_code == 200
    many = client.post(PAGE, {"files": [upload(f"{n}.json", "{}") for n in range(21)]})
    assert (many.status_code, "At most 20 files" in text_of(many)) == (400, True)


@pytest.mark.usefixtures("read_here")
def test_only_what_one_may_see_is_listed_and_read(mina: Any, two: list[Study]) -> None:
    stranger, runner = UserFactory(username="ada"), UserFactory(username="rhee")
    reader = UserFactory(username="kim")
    two[0].memberships.create(user=runner, role=Role.RUNNER)
    two[0].memberships.create(user=reader, role=Role.READER)
    for user, sees in ((stranger, False), (runner, False), (reader, True)):
        shown = browser(user).get(f"{PAGE}?study=s1&study=s2")
        text = text_of(shown)
        assert ("Songs of Seoul" in text) is sees
        assert "There is no study “s2” here whose results you may see." in text
        assert "Over 2 studies" not in text
        found = browser(user).get(f"{PAGE}?study=s1&study=s2&download=csv")
        assert ("Songs of Seoul" in found.text) is sees
    assert browser(stranger).get(f"{PAGE}?study=nowhere").status_code == 200
    assert Client().get(PAGE).status_code == 302


@pytest.mark.usefixtures("read_here")
def test_a_study_without_results_says_why(mina: Any, two: list[Study]) -> None:
    client = browser(mina)
    draft = make_study(clips=1, owner=mina, title="A draft", slug="draft")
    new = analysed_study(4, owner=mina, title="Not analysed", slug="new")
    new.analyses.all().delete()
    withdrawn = analysed_study(5, owner=mina, title="Withdrawn", slug="gone")
    Study.objects.filter(pk=withdrawn.pk).update(erasures=1)
    sealed = analysed_study(6, owner=mina, title="Sealed", slug="sealed")
    Study.objects.filter(pk=sealed.pk).update(closed_at=timezone.now() - timedelta(seconds=5), grace_minutes=60)
    words = {
        draft.slug: "It is a draft: it has no answers yet.",
        new.slug: "It was not analysed: analyse its answers on its results page.",
        withdrawn.slug: "Somebody has withdrawn since its analysis: analyse its answers again.",
        sealed.slug: "Its results are sealed until it is closed and its grace period is over.",
    }
    page = client.get(PAGE)
    for slug, sentence in words.items():
        assert re.search(rf'value="{slug}"\s+disabled', page.text)
        assert sentence in text_of(page)
        # Named in an address all the same: nothing of its numbers, by the page or the command.
        asked = client.get(f"{PAGE}?study=s1&study={slug}&download=json")
        assert [row["slug"] for row in json.loads(asked.content)["studies"]] == ["s1"]
        with pytest.raises(CommandError) as refused:
            call_command("compare_studies", study=["s1", slug], stdout=io.StringIO(), stderr=io.StringIO())
        assert refused.value.returncode == 2
    Analysis.objects.filter(study=two[1]).update(table_state="older")
    assert "answers have come or changed since its analysis" in text_of(client.get(f"{PAGE}?study=s1&study=s2"))


@pytest.mark.usefixtures("read_here")
def test_nothing_and_fifty_studies(mina: Any, two: list[Study], django_assert_max_num_queries: Any) -> None:
    lonely = UserFactory(username="lonely")
    assert "No study yet whose results you may see." in text_of(browser(lonely).get(PAGE))
    result = two[0].analyses.get()
    for number in range(48):
        study = Study.objects.create(slug=f"m{number}", title=f"Study {number}", owner=mina, status="closed")
        Study.objects.filter(pk=study.pk).update(closed_at=timezone.now() - timedelta(days=7))
        primary = result.result["primary"] | {"estimate": result.result["primary"]["estimate"] + number / 50}
        counts = {"n_participants": 100 + number}
        study.analyses.create(state="ready", result=result.result | {"primary": primary} | counts)
    client = browser(mina)
    with django_assert_max_num_queries(12):
        client.get(PAGE)
    everything = "&".join(f"study=m{number}" for number in range(48))
    shown = client.get(f"{PAGE}?study=s1&study=s2&{everything}")
    assert "Over 50 studies" in text_of(shown)


@pytest.mark.usefixtures("typeset_nothing")
def test_a_real_export_and_its_study_are_one(mina: Any, two: list[Study], tmp_path: Path) -> None:
    study = closed_study(people=5, clips=5, owner=mina, slug="real", title="Real")
    export_study(study, tmp_path / "real.zip", images=False)
    out, told = io.StringIO(), io.StringIO()
    table = written(tmp_path, "scores.csv", SEED_TABLE)
    call_command(
        "compare_studies",
        str(tmp_path / "real.zip"),
        str(table),
        study=["real", "s1"],
        json=str(tmp_path / "out.json"),
        report=str(tmp_path / "report"),
        language="ko",
        stdout=out,
        stderr=told,
    )
    found = json.loads((tmp_path / "out.json").read_text())
    assert [row["name"] for row in found["studies"]] == ["Real", "Songs of Seoul", "scores.csv"]
    assert "left out: Real: It is the same study as “Real”, which counts once." in told.getvalue()
    assert found["studies"][0]["digest"] == found["left_out"][0]["digest"]
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {
        *("comparison.json", "comparison.csv", "comparison.html"),
        *("forest-plot.svg", "forest-plot.pdf", "forest-plot.png"),
    }
    assert 'lang="ko"' in (tmp_path / "report" / "comparison.html").read_text()


def test_the_command_refuses_in_one_sentence(two: list[Study], tmp_path: Path) -> None:
    scores = str(written(tmp_path, "scores.csv", SEED_TABLE))
    for arguments, options, status, words in (
        ([], {}, 2, "at least two"),
        ([scores], {}, 2, "at least two"),
        ([scores, str(tmp_path / "none.zip")], {}, 2, "no such file"),
        ([scores], {"study": ["nowhere"]}, 2, "There is no study nowhere."),
        ([scores, scores], {"json": scores}, 2, "a source itself"),
        ([scores, str(written(tmp_path, "a.json", "{}"))], {}, 2, "compares no conditions"),
        ([scores, scores], {}, 1, "nothing is combined"),
        ([scores], {"study": ["s1"], "contrast": "colour"}, 1, "None of these studies can be used here."),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("compare_studies", *arguments, **options, stdout=io.StringIO(), stderr=io.StringIO())
        assert (refused.value.returncode, words in str(refused.value)) == (status, True), refused.value
