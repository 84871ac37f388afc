"""The page on which an export of another installation is brought in, and the worker's part of it."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from config.bundles import export_study
from config.bundles.taking_in.work import run_import
from study.models import Study, StudyImport
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db


def bring(content: bytes) -> tuple[StudyImport, str]:
    """Bring a file in by the page and do the worker's part; return its row and the page then."""
    client = browser(UserFactory(username="mina"))
    answer = client.post(reverse("study_import"), {"file": SimpleUploadedFile("from-afar.zip", content)})
    assert answer.status_code == 302
    row = StudyImport.objects.get()
    assert "It waits for a worker." in client.get(reverse("study_import")).content.decode()
    second = client.post(reverse("study_import"), {"file": SimpleUploadedFile("second.zip", content)})
    assert "Wait for it" in second.content.decode()
    assert StudyImport.objects.count() == 1
    run_import(row.pk)
    run_import(row.pk)  # a message that comes twice
    row.refresh_from_db()
    assert not any((Path(settings.MEDIA_ROOT) / "imports").glob("*"))
    return row, client.get(reverse("study_import")).content.decode()


def test_an_export_that_is_brought_in_becomes_a_study_of_the_person(tmp_path: Path) -> None:
    draft = make_study(clips=1, title="From <afar>")
    export_study(draft, tmp_path / "draft.zip")
    row, page = bring((tmp_path / "draft.zip").read_bytes())
    assert (row.state, row.error) == ("ready", "")
    study = Study.objects.exclude(pk=draft.pk).get()
    assert (study.owner.username, row.study) == ("mina", study)
    assert f'href="{study.get_absolute_url()}">From &lt;afar&gt;</a>' in page
    assert "The export has no sounds" in page


def test_what_is_no_export_is_refused_in_a_sentence_and_leaves_nothing() -> None:
    row, page = bring(b"PK, but no zip")
    assert (row.state, Study.objects.count()) == ("failed", 0)
    assert "This is no export of a study" in page
