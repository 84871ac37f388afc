"""The page on which a survey tool's download becomes ballots."""

import csv
import io
from collections import Counter
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.statistics.ballots import PRESET
from tests.analysis.tables.survey_exports.downloads import ANSWERS, DOWNLOADS, IMAGES, PEOPLE, as_csv, as_xlsx
from tests.factories import UserFactory
from tests.without_processes import read_here

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher() -> Client:
    client = Client()
    client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, content: bytes, **fields: Any) -> Any:
    return client.post(reverse("form_answers"), {"file": SimpleUploadedFile("form.csv", content), **fields})


@pytest.mark.parametrize("name", DOWNLOADS)
def test_the_guess_with_conditions_gives_every_ballot_and_the_points(
    name: str, researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != "qualtrics_sheet":  # one is read in a bounded process, as all are in production
        read_here(monkeypatch)
    content = as_xlsx(DOWNLOADS[name]()) if name == "qualtrics_sheet" else as_csv(DOWNLOADS[name]())
    guess = post(researcher, content, guess="1")
    assert guess.status_code == 200
    assert [answer for answer, _condition in guess.context["answers"]] == IMAGES
    fields = {
        "participant": guess.context["participant"],
        "answer": IMAGES,
        "condition": PRESET,
        "columns": guess.context["mapping"].replace("\n", "\r\n"),  # as browsers send a text
    }
    page = post(researcher, content, show="1", **fields)
    assert "180 ballots of 30 people." in page.text
    points: Counter[str] = Counter()
    for person in ANSWERS:
        for first, second in person:
            points[first] += 3
            points[second] += 1
    assert {key: total for key, _row, total in page.context["points"]} == {
        key: points[image] for key, image in zip(PRESET, IMAGES, strict=True)
    }
    ballots = post(researcher, content, ballots_file="1", **fields)
    assert ballots["Content-Disposition"] == 'attachment; filename="ballots.csv"'
    assert len(list(csv.reader(io.StringIO(ballots.text)))) == 6 * PEOPLE + 1
    mapping = post(researcher, content, mapping_file="1", **fields)
    assert '"Image 2": "redefined_sentence"' in mapping.text


@pytest.mark.usefixtures("read_here")
def test_faults_are_named_and_what_was_written_stays(researcher: Client) -> None:
    content = as_csv(DOWNLOADS["google_forms"]())
    columns = post(researcher, content).context["mapping"]
    fields = {"answer": IMAGES[:3], "condition": ["a", "b", "my own"], "columns": columns}
    page = post(researcher, content, show="1", **fields)
    assert page.status_code == 400
    assert "the answer “Image 4” for clip" in page.text
    assert 'value="my own"' in page.text
    assert "this is no text; save the table" in post(researcher, b"\x00\x01").text
    unclear = post(researcher, "When,Q\n1,钢琴\n".encode("gb18030"))
    assert "<dt>GB18030</dt>" in unclear.text
    assert "This field is required." in researcher.post(reverse("form_answers"), {}).text
    assert Client().get(reverse("form_answers")).status_code == 302
