"""A public gallery in a browser: legible on every screen, whole without scripts, its images loaded as needed."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from analysis.study_results.analyses import build_analysis
from analysis.study_results.gallery import switch_on
from study.models import Stimulus, Study
from tests.analysis.answered_studies import closed_study
from tests.browser.test_console import DESKTOP, PHONE, faults
from tests.browser.test_content_policy import watch

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
WIDE, ZOOMED = {"width": 844, "height": 390}, {"width": 640, "height": 450}


@pytest.fixture
def study(transactional_db: None) -> Study:
    """A closed study of long names whose gallery shows all that there is, sounds too."""
    found = closed_study(people=5, clips=5, title="Which image fits the music? 아주 긴 제목 " * 4)
    found.clips.filter(number=2).update(
        name="a-very-long-name-without-any-space-" * 5 + ".wav", imported_tags=["피아노"]
    )
    Stimulus.objects.filter(clip__study=found).update(provenance={"prompt": "slow zither in the rain, " * 12})
    found.plan |= {"publication": {"creators": [{"family": "Kim", "given": "Mina"}, {"family": "Lee"}]}}
    found.plan |= {"reporting": {"data_link": "https://doi.org/10.5281/zenodo.1"}}
    found.licence = "CC-BY-4.0"
    found.save()
    build_analysis(found)
    found.clips.update(licence="CC-BY-4.0", sound_may_be_published=True)
    switch_on(found, actor=found.owner, images=True, sounds=True, names=True, prompts=True)
    return found


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_the_gallery_has_no_fault_on_any_screen(
    chromium: Browser, live_server: Any, study: Study, script: bool
) -> None:
    found: list[str] = []
    address = live_server.url + reverse("gallery", args=[study.slug])
    for locale, look, size in (
        ("en-GB", "light", PHONE),
        ("ko-KR", "dark", PHONE),
        ("en-GB", "dark", DESKTOP),
        ("ko-KR", "light", WIDE),
        ("en-GB", "light", ZOOMED),
    ):
        context = chromium.new_context(
            viewport=size, locale=locale, color_scheme=look, java_script_enabled=script, reduced_motion="reduce"
        )
        page = context.new_page()
        watch(page, found)
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        expect(page.locator(".gallery-images img")).to_have_count(20)
        page.locator("details").first.locator("summary").press("Enter")
        expect(page.locator(".gallery-prompts").first).to_be_visible()
        if script:
            found += faults(page)
        assert context.cookies() == []
        context.close()
    assert found == []


def test_clips_are_sorted_by_keyboard_and_nothing_moves_as_images_come(
    chromium: Browser, live_server: Any, study: Study
) -> None:
    page = chromium.new_context(viewport=PHONE, locale="en-GB").new_page()
    page.goto(live_server.url + reverse("gallery", args=[study.slug]), wait_until="domcontentloaded")
    page.wait_for_function("() => [...document.querySelectorAll('link[rel=stylesheet]')].every((link) => link.sheet)")
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    images = page.locator(".gallery-images img")
    images.last.scroll_into_view_if_needed()
    expect(images.last).to_have_js_property("complete", True)
    assert page.evaluate("[...document.images].at(-1).naturalWidth") > 0
    assert page.evaluate(height) == before
    page.locator("#sort").focus()
    page.keyboard.type("difference")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=difference**")
    expect(page.locator("#sort")).to_have_value("difference")
    sizes = page.get_by_text("From the lowest to the highest").all_inner_texts()
    numbers = [float(text.rstrip(".").split()[-1]) for text in sizes]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) > 1
