"""Pictures of the interface as they are stored, shown, given out and removed."""

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from PIL import Image

from analysis.interface_pictures import stored
from analysis.interface_pictures.browser import BrowserFailed, running_browser
from analysis.interface_pictures.stored import NewPictures, add_own, interface_pictures, replace_taken
from analysis.interface_pictures.views import interface_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure_list import interface_figures
from config.health.checks.services import chromium_is_there
from study.errors import StudyError
from study.models import Study
from tests.factories import make_study
from tests.services import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def png(width: int = 40, height: int = 30, kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#a33").save(out, kind, **more)
    return out.getvalue()


def take(study: Study, *pages: str) -> None:
    """Store pictures as if a browser had taken them."""
    with NewPictures() as new, transaction.atomic():
        for page in pages:
            new.add(png(300, 900), page=page, device="phone", language="en")
            new.add(png(600, 400), page=page, device="desktop", language="en")
        replace_taken(study, new)


def files() -> list[str]:
    return sorted(default_storage.listdir("interface")[1])


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "interface").mkdir(parents=True)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_new_ones_replace_those_of_the_pages_and_files_go_with_their_rows() -> None:
    study = make_study(clips=1)
    take(study, "trial", "consent")
    photo = png(50, 50, "JPEG", comment=b"taken by Mina Kim")
    add_own(study, SimpleUploadedFile("x.jpg", photo), "The listening  booth")
    found = list(interface_pictures(study))
    assert [name for name, _content, _caption in found] == [
        "consent-desktop-en.png", "consent-phone-en.png", "trial-desktop-en.png", "trial-phone-en.png", "own-1.png",
    ]  # fmt: skip
    assert found[-1][2] == "The listening booth"
    assert found[-1][1].startswith(b"\x89PNG")
    assert b"Mina" not in found[-1][1]
    with translation.override("ko"):
        assert "데스크톱" in next(interface_pictures(study))[2]
    with zipfile.ZipFile(io.BytesIO(stored.pictures_zip(study))) as archive:
        assert "trial-phone-en.png: A trial, on a phone (English)" in archive.read("captions.txt").decode()
    take(study, "trial")
    assert [name for name, *_rest in interface_pictures(study)] == [
        "trial-desktop-en.png", "trial-phone-en.png", "own-1.png",
    ]  # fmt: skip
    assert len(files()) == 3
    with NewPictures() as new:  # whose rows are not made
        new.add(png(), page="trial", device="phone", language="en")
        assert len(files()) == 4
    assert len(files()) == 3
    assert "interface pictures taken" in list(study.log.values_list("action", flat=True))
    study.delete()
    assert files() == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<svg onload=alert(1)>", "Save it again as PNG"),
        (png(kind="GIF"), "Save it again as PNG"),
        (png()[:60], "Save it again as PNG"),
        (png(7000, 6000), "more than 40 million pixels"),
    ],
    ids=["svg", "gif", "cut", "huge"],
)
def test_what_is_no_picture_is_refused_with_the_mend(content: bytes, says: str) -> None:
    study = make_study(clips=1)
    with pytest.raises(StudyError, match=says):
        add_own(study, SimpleUploadedFile("x.png", content), "x")
    assert not study.interface_pictures.exists()


def test_the_report_shows_a_page_as_one_figure_in_its_language_and_own_pictures_last() -> None:
    study = make_study(clips=1)
    assert interface_views(study, "en") == []
    take(study, "consent", "trial")
    add_own(study, SimpleUploadedFile("x.png", png()), "A <booth>")
    views = interface_views(study, "ko")  # there are none in Korean
    assert [view.key for view in views] == ["consent", "trial", "own-1"]
    assert [picture.is_phone for picture in views[0].pictures] == [False, True]
    assert views[0].pictures[1].is_cut
    figures = interface_figures(ReportContext(title="t", interface=views))
    assert [figure.key for figure in figures] == ["interface-consent", "interface-trial", "interface-own-1"]
    assert figures[0].svg.count("<image ") == 2
    assert "cut below" in figures[0].caption
    assert "A &lt;booth&gt;" in figures[2].svg


def test_the_page_adds_shows_and_removes_and_the_commands_do_the_same(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    study = make_study(clips=1)
    client.force_login(study.owner)
    page = reverse("study_interface", args=[study.slug])
    settings.CHROMIUM = str(tmp_path / "no-such-program")
    assert "Chromium on the server" in client.get(page).text
    assert chromium_is_there().level == "warning"
    with pytest.raises(CommandError, match="no Chromium on this machine"):
        call_command("results", "take-pictures", study.slug, "--here", "--as", study.owner.username)
    settings.CHROMIUM = "true"
    assert "Take the pictures" in client.get(page).text
    assert chromium_is_there().level == "ok"
    taking = client.post(reverse("study_interface_take", args=[study.slug]))
    assert reverse("study_job", args=[study.slug, study.jobs.get(kind="interface").pk]) in taking["Location"]
    assert client.post(page, {"caption": "x"}).status_code == 422
    own = {"caption": "The <b>booth</b>", "picture": SimpleUploadedFile("x.png", png())}
    assert client.post(page, own).status_code == 302
    shown = client.get(page).text
    assert "The &lt;b&gt;booth&lt;/b&gt;" in shown
    picture = study.interface_pictures.get()
    assert client.get(reverse("study_interface_picture", args=[study.slug, picture.pk])).content.startswith(b"\x89PNG")
    out = tmp_path / "pictures.zip"
    call_command("results", "pictures", study.slug, "--out", str(out), "--as", study.owner.username)
    assert zipfile.ZipFile(out).namelist() == ["own-1.png", "captions.txt"]
    client.post(reverse("study_interface_remove", args=[study.slug, picture.pk]))
    assert files() == []
    with pytest.raises(CommandError, match="take-pictures"):
        call_command("results", "pictures", study.slug, "--out", str(out), "--as", study.owner.username)


@pytest.mark.parametrize(
    ("script", "says"),
    [("exit 1", "ended"), ("sleep 600 & echo $! > $(dirname $0)/child; wait", "took too long"), (None, "no Chromium")],
    ids=["ends", "hangs", "missing"],
)
def test_a_browser_that_fails_is_told_and_leaves_nothing(
    settings: Any, tmp_path: Path, script: str | None, says: str
) -> None:
    program = tmp_path / "chromium"
    if script is not None:
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    settings.CHROMIUM = str(program)
    with pytest.raises(BrowserFailed, match=says), running_browser(lambda _path: None, seconds=3):
        pass
    if (child := tmp_path / "child").exists():
        # It was killed with its children, whose end may take a moment.
        assert wait_until(lambda: not is_alive(int(child.read_text())))
