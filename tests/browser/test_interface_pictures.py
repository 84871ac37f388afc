"""Pictures of the participants' pages by the real Chromium: all of it is there, and nothing comes from elsewhere."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser as Chromium

from analysis.interface_pictures.browser import DEVICES, running_browser
from analysis.interface_pictures.job import take_pictures
from analysis.interface_pictures.stored import interface_pictures
from study.background_work import messages
from study.jobs.work import run_job
from study.models import Job
from tests.factories import make_study

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
DESKTOP, PHONE = DEVICES


def profiles() -> set[Path]:
    return set(Path("/tmp").glob("earsight-chromium-*"))


def test_each_page_in_each_language_is_taken_by_a_worker(chromium: Chromium, client: Client, monkeypatch: Any) -> None:
    study = make_study(clips=1, size=256, languages=["en", "ko"])
    client.force_login(study.owner)
    monkeypatch.setattr(messages, "send", lambda *_message, **_more: True)
    client.post(reverse("study_interface_take", args=[study.slug]))
    job = study.jobs.get(kind="interface")
    before = profiles()
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.READY, "")
    assert profiles() <= before  # its own is deleted
    found = {
        name: Image.open(io.BytesIO(content)).convert("RGB") for name, content, _caption in interface_pictures(study)
    }
    pages = ("consent", "instructions", "trial", "thanks")
    assert set(found) == {
        f"{page}-{on}-{of}.png" for page in pages for on in ("desktop", "phone") for of in ("en", "ko")
    }
    for name, picture in found.items():
        device = PHONE if "-phone-" in name else DESKTOP
        assert picture.width == round(device.width * device.dots)
        assert picture.height >= round(device.height * device.dots)
        assert np.asarray(picture).std() > 5, name  # drawn, not blank
    # The trial shows its four images: colours that no page of ours has without them.
    for on in ("desktop", "phone"):
        assert len(set(found[f"trial-{on}-en.png"].quantize(64).getcolors() or ())) > 30
        colourful = np.ptp(np.asarray(found[f"trial-{on}-en.png"]).astype(int), axis=2) > 60
        plain = np.ptp(np.asarray(found[f"consent-{on}-en.png"]).astype(int), axis=2) > 60
        assert colourful.mean() > 0.15
        assert plain.mean() < 0.01
    assert "16 pictures are taken." in job.outcome["message"]
    assert take_pictures(study) == 16  # in place of the others
    assert study.interface_pictures.count() == 16


def test_a_page_reaches_nothing_but_what_it_is_given(chromium: Chromium, live_server: Any) -> None:
    asked: list[str] = []

    def answer(path: str) -> tuple[str, bytes] | None:
        asked.append(path)
        page = (
            f'<!doctype html><body style="margin:0;background:#fff"><img src="{live_server.url}/static/icon.svg">'
            f'<script>fetch("{live_server.url}/health/").then(() => document.body.style.background = "red");'
            'fetch("file:///etc/hostname").then(() => document.body.style.background = "red");'
            'fetch("/given").then(() => document.body.style.background = "lime")</script>'
        )
        return {"/page": ("text/html", page.encode()), "/given": ("text/plain", b"x")}.get(path)

    with running_browser(answer, seconds=120) as browser:
        picture = Image.open(io.BytesIO(browser.picture("/page", PHONE))).convert("RGB")
    assert picture.getpixel((700, 1600)) == (0, 255, 0)  # the control: what is given is reached, the others are not
    assert set(asked) <= {"/page", "/given", "/favicon.ico"}
