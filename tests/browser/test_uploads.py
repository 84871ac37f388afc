"""Sending an upload with script: what was wrong comes on the page, and a worker's job leads away from it and back."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from generation.ready_made import upload_job
from study.jobs.work import run_job
from study.models import Job, Stimulus
from tests.browser.test_console import DESKTOP, signed_in
from tests.factories import StudyFactory, UserFactory, add_clip, tiny_image
from tests.generation.ready_made.test_uploading import zipped

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_an_upload_is_sent_with_its_faults_on_the_page_and_its_job_leads_back(
    chromium: Browser, live_server: Any, transactional_db: None
) -> None:
    study = StudyFactory(owner=UserFactory(username="mina"), conditions=2)
    clip = add_clip(study, 1)
    clip.stimuli.all().delete()
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(f"/console/studies/{study.slug}/upload/")
    names = [f"clip1__{row.key}.png" for row in study.conditions.all()]
    pictures = [{"name": name, "mimeType": "image/png", "buffer": tiny_image(n)} for n, name in enumerate(names)]
    page.set_input_files("#id_files", [pictures[0], {**pictures[1], "buffer": b"%PDF-1.7"}])
    page.click("main form[data-send] button:not([type])")
    expect(page.locator(".upload-faults")).to_contain_text(f"{names[1]}: a PDF cannot be read.", timeout=60_000)
    expect(page.locator("[data-send-progress]")).to_be_hidden()
    assert page.evaluate("document.querySelector('#id_files').files.length") == 2  # nothing chosen is lost
    page.set_input_files("#id_files", pictures)
    page.click("main form[data-send] button:not([type])")
    expect(page.locator(".notice.success")).to_contain_text("The images of 1 clip are imported.", timeout=60_000)

    archive = zipped(study)
    page.set_input_files("#id_files", [{"name": "images.zip", "mimeType": "application/zip", "buffer": archive.read()}])
    page.click("main form[data-send] button:not([type])")
    page.wait_for_url("**/jobs/**", timeout=60_000)
    expect(page.locator("main")).to_contain_text("It waits for a worker.")
    run_job(Job.objects.get(kind=upload_job.KIND).pk)
    page.wait_for_url("**/upload/?job=**", timeout=60_000)
    expect(page.locator(".notice.success")).to_contain_text("The images of 1 clip are imported.")
    assert Stimulus.objects.count() == 2
