"""Take the screenshots of docs/screenshots.md: every page of the demo at phone and desktop width.

Run by `make screenshots` on a finished demo (`make demo` or `python manage.py demo --no-serve`).
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from operator import ne
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from screenshot_pages import (  # noqa: E402
    ASKED,
    COMPARE,
    CONSOLE,
    DRAFT,
    FIRST_CLIP,
    GALLERY,
    GALLERY_CHOICES,
    KINDS,
    SEVERAL,
    SHARED_REPORT,
    SIGN_IN,
    SIZES,
    SURVEYED,
    all_names,
    page_of_screenshots,
    survey_name,
)

from analysis.interface_pictures.job import KIND as INTERFACE  # noqa: E402
from analysis.study_results.gallery import switch_off, switch_on  # noqa: E402
from analysis.study_results.prepared import prepare_reports  # noqa: E402
from analysis.study_results.reporting_answers import reporting_answers, save_reporting_answers  # noqa: E402
from analysis.study_results.shared_reports import end_share, share_report  # noqa: E402
from config.bundles.write import write_bundle  # noqa: E402
from config.demo.addresses import listen_on, own_web_address  # noqa: E402
from config.demo.processes import Processes, wait_until_served, web_command  # noqa: E402
from config.deposits.console.jobs import ask_for  # noqa: E402
from config.deposits.facts import facts_from, publication_facts, save_publication_facts  # noqa: E402
from config.rehearsals.request import Wanted, rehearse_study  # noqa: E402
from study.instruments.presets import PRESETS  # noqa: E402
from study.jobs import request_job  # noqa: E402
from study.jobs.work import run_job  # noqa: E402
from study.models import Job, Study  # noqa: E402
from study.setup.copying import copy_study  # noqa: E402
from study.setup.drafting import delete_draft  # noqa: E402
from study.setup.instrument_editing import set_instrument  # noqa: E402
from study.setup.trash import deleted_studies, erase  # noqa: E402
from study.setup.trying_out import preview_address  # noqa: E402
from study.simulation.chosen_preference import ChosenPreference, Winner  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
QUALITY = 82
HIGH: dict[str, float] = {
    "report": 0,
    "results": 1.2,
    "report-rating": 1.2,
    "report-pair": 1.2,
}  # long pages: see `save`
SEEN_IMAGES_ARE_THERE = """() => [...document.images].every(
  (image) => image.complete || !image.checkVisibility() || image.getBoundingClientRect().top > innerHeight
)"""
# What the page “Publish” of the demo says of it.
PUBLISHED = {
    "creators": [{"family": "Kim", "given": "Mina", "orcid": "0000-0002-1825-0097", "affiliation": "A university"}],
    "keywords": ["music", "images", "human evaluation"],
    "publisher": "Zenodo",
}
# What the drafts of `ASKED` ask, each in the two languages of the demo.
INSTRUMENTS: dict[str, Any] = {
    "rating": PRESETS["match_and_quality"],
    "pair": PRESETS["pairs"],
    "feeling": PRESETS["valence_arousal"],
    "chosen": PRESETS["choose_and_rate"],
    "several": SEVERAL,
}
# Radio buttons that are checked before the screenshot, by step: (name, place among those of the name).
HALF_ANSWERED = {
    "rating": [("q.match.A", 5), ("q.match.B", 2), ("q.match.C", 4)],
    "feeling": [("q.valence.A", 6), ("q.arousal.A", 3), ("q.valence.B", 2)],
    "several": [("q.mood", 1)],
}
PREFERENCE = ChosenPreference((Winner("tags", "redefined", 0.65),))
ANSWERED = ("rating", "pair")  # these drafts are rehearsed, too


def save(page: Page, name: str, *, most: float = 2.4) -> None:
    """Save a WebP screenshot of the page, at most so many times as high as wide, if that is more than the window."""
    page.wait_for_load_state("networkidle")
    window = page.viewport_size
    assert window is not None
    if most * window["width"] > window["height"]:
        high = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": window["width"], "height": min(high, int(window["width"] * most))})
        page.wait_for_load_state("networkidle")
    page.wait_for_function(SEEN_IMAGES_ARE_THERE, timeout=60_000)
    page.wait_for_timeout(300)
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(OUT / f"{name}.webp", quality=QUALITY, method=6)
    page.set_viewport_size(window)


def rehearsal_of(draft: str) -> Study:
    return Study.objects.get(rehearsal_of__slug=draft)


def known_parts() -> dict[str | int, str | int]:
    draft, demo = Study.objects.get(slug=DRAFT), Study.objects.get(slug="demo")
    return {
        FIRST_CLIP: draft.clips.order_by("number")[0].pk,
        SURVEYED: demo.participants.order_by("-number")[0].code,
        **{f"{{answered {step}}}": rehearsal_of(f"{DRAFT}-{step}").slug for step in ANSWERED},
    }


def export_of(study: Study) -> bytes:
    with BytesIO() as file, TemporaryDirectory() as folder:
        for _name in write_bundle(study, file, Path(folder)):
            pass
        return file.getvalue()


def signed_in(browser: Browser, base: str, password: str, size: str) -> Page:
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, locale="en").new_page()
    page.goto(base + reverse("sign_in"))
    page.fill("input[name=username]", "demo")
    page.fill("input[name=password]", password)
    page.click("form .primary")
    return page


def console(browser: Browser, base: str, password: str) -> None:
    known, elsewhere = known_parts(), export_of(rehearsal_of(DRAFT))
    of_anybody(browser, SIGN_IN[0], base + reverse("sign_in"))
    for size in SIZES:
        page = signed_in(browser, base, password, size)
        for name, _what, url, address in CONSOLE:
            page.goto(base + reverse(url, args=[known.get(part, part) for part in address]))
            save(page, f"{name}-{size}", most=HIGH.get(name, 2.4))
        page.goto(base + reverse("compare_studies"))
        page.check("input[name=study][value=demo-simulated]")
        page.set_input_files(
            "#files", {"name": "a-second-study.zip", "mimeType": "application/zip", "buffer": elsewhere}
        )
        page.locator("main form button.primary").click()
        page.locator("#answer").wait_for()
        save(page, f"{COMPARE[0]}-{size}")
        page.context.close()


def of_anybody(browser: Browser, name: str, address: str) -> None:
    """Take a page that is seen without signing in."""
    for size, (width, height) in SIZES.items():
        page = browser.new_context(viewport={"width": width, "height": height}, locale="en").new_page()
        page.goto(address)
        save(page, f"{name}-{size}")
        page.context.close()


def gallery(browser: Browser, base: str, password: str, study: Study, same_images: Study) -> None:
    """Take a study's gallery and its choices. While people judge its images it is hidden: the other study is closed."""
    before = {name: getattr(same_images, name) for name in ("status", "closed_at", "grace_minutes")}
    rows = Study.objects.filter(pk=same_images.pk)
    rows.update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=1), grace_minutes=0)
    try:
        for size in SIZES:
            page = signed_in(browser, base, password, size)
            page.goto(base + reverse("study_gallery", args=[study.slug]))
            save(page, f"{GALLERY_CHOICES[0]}-{size}")
            page.context.close()
        switch_on(study, actor=study.owner, images=True)
        of_anybody(browser, GALLERY[0], base + reverse("gallery", args=[study.slug]))
    finally:
        switch_off(study, actor=study.owner)
        rows.update(**before)


def steps(page: Page, link: str) -> Iterator[str]:
    """Walk through the survey from the welcome page to the thanks page and yield the name of each page, of `STEPS`."""
    page.goto(link)
    yield "welcome"
    page.click("button.primary")
    yield "consent"
    page.locator("main input[type=checkbox]").first.check()
    page.click("button.primary")
    yield "sound"
    page.click("button.primary")
    yield "instructions"
    page.click("button.primary")
    trials = 0
    while "/trial/" in page.url:
        trials += 1
        page.locator(".play").click()
        page.locator(".choice[data-letter=B] .pick").click()
        page.locator(".choice[data-letter=D] .pick").click()
        page.locator("button.next:not([disabled]):not([aria-disabled=true])").wait_for(timeout=60_000)
        if trials == 3:
            yield "trial"
            page.locator(".enlarge").first.click()
            page.wait_for_timeout(400)
            yield "enlarged"
            page.keyboard.press("Escape")
        here = page.url
        page.wait_for_timeout(300)
        page.locator("button.next").click()
        page.wait_for_url(partial(ne, here), timeout=60_000)
    yield "answered"
    page.click("main form button.primary")
    yield "thanks"


def survey(browser: Browser, base: str, study: Study) -> None:
    for size, locale, scheme in KINDS:
        width, height = SIZES[size]
        page = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme=scheme,
            has_touch=size == "phone",
        ).new_page()
        for name in steps(page, base + reverse("survey_welcome", args=[study.open_link_token])):
            save(page, survey_name(name, size, locale), most=0)
        page.context.close()
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(base + "/s/no-such-link-at-all/")
    save(page, survey_name("unknown-link", "phone", "en"), most=0)
    page.goto(base + reverse("survey_welcome", args=[Study.objects.get(slug="demo-simulated").open_link_token]))
    save(page, survey_name("closed", "phone", "en"), most=0)
    page.close()


def trials_that_ask_more(browser: Browser, base: str) -> None:
    """Take the first trial of each study of `ASKED`, half answered, as a pilot of it sees it."""
    for step in ASKED:
        study = Study.objects.get(slug=f"{DRAFT}-{step}")
        for size, locale, scheme in KINDS:
            width, height = SIZES[size]
            page = browser.new_context(
                viewport={"width": width, "height": height},
                locale=locale,
                color_scheme=scheme,
                has_touch=size == "phone",
            ).new_page()
            page.goto(base + urlsplit(preview_address(study, actor=study.owner)).path)
            while "/trial/" not in page.url:
                boxes = page.locator("main input[type=checkbox]")
                if boxes.count():
                    boxes.first.check()
                here = page.url
                page.click("main form button.primary")
                page.wait_for_url(partial(ne, here), timeout=60_000)
            page.locator(".play").click()
            if step in ("pair", "chosen"):
                page.locator(".choice[data-letter=B] .pick").click()
            for name, at in HALF_ANSWERED.get(step, ()):
                page.locator(f"[name='{name}']").nth(at).check(force=True)
            save(page, survey_name(step, size, locale), most=0)
            page.context.close()


def write_page() -> None:
    """Write docs/screenshots.md from the saved screenshots."""
    (ROOT / "docs" / "screenshots.md").write_text(page_of_screenshots(), encoding="utf-8")


def prepare_draft(draft: Study) -> None:
    """Have people from a platform paid for the draft, ask for rehearsals, and delete another draft."""
    owner = draft.owner
    draft.recruitment_platform = Study.Platform.PROLIFIC
    draft.reward, draft.reward_currency, draft.wage = Decimal("2.50"), "EUR", Decimal(12)
    draft.save()
    delete_draft(copy_study(draft, title="A first try", owner=owner, slug=f"{DRAFT}-deleted"), actor=owner)
    for step in ASKED:
        copy = copy_study(draft, title=f"Six pieces: {ASKED[step].lower()}", owner=owner, slug=f"{DRAFT}-{step}")
        set_instrument(copy, INSTRUMENTS[step], actor=owner)
        if step in ANSWERED:
            rehearse_study(copy, Wanted(12, 0.1, PREFERENCE, seed=1), actor=owner)
    request_job(Study.objects.get(slug=f"{DRAFT}-pair"), INTERFACE, actor=owner)
    rehearse_study(draft, Wanted(12, 0.1, PREFERENCE, seed=1), actor=owner)


def work() -> None:
    """Do what a worker would: all that waits, and what that asks for."""
    while job := Job.objects.filter(state=Job.State.WAITING).order_by("pk").first():
        run_job(job.pk)


@contextmanager
def prepared(study: Study) -> Iterator[str]:
    """Make what the pages show beside the demo, and yield the address of a shared report; then remove it."""
    if not Study.objects.filter(slug=DRAFT).exists():
        prepare_draft(copy_study(study, title="Images of six pieces", owner=study.owner, slug=DRAFT))
    simulated = Study.objects.get(slug="demo-simulated")
    facts, licence = publication_facts(simulated), simulated.licence
    save_publication_facts(simulated, facts_from(PUBLISHED))
    save_reporting_answers(simulated, reporting_answers(simulated), licence="CC-BY-4.0")
    last_day = timezone.localdate() + timedelta(days=30)
    share, shared_at = share_report(simulated, last_day, "for the reviewers", actor=simulated.owner)
    # Files count as made only if nothing that they tell has changed since: the reports come after all changes.
    for what in ("findings", "deposit", "reproduction"):
        work()
        ask_for(simulated, what)
    prepare_reports(simulated)
    work()
    yield shared_at
    end_share(share, actor=simulated.owner)
    save_publication_facts(simulated, facts)
    save_reporting_answers(simulated, reporting_answers(simulated), licence=licence)
    for slug in (DRAFT, *(f"{DRAFT}-{step}" for step in ASKED)):
        delete_draft(Study.objects.get(slug=slug), actor=study.owner)  # with its rehearsal
    erase(deleted_studies(study.owner))


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    study = Study.objects.filter(slug="demo").first()
    if study is None or chromium is None:
        sys.exit("Needs a finished demo (python manage.py demo --no-serve) and Chromium.")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop in this thread
    OUT.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    password = (settings.DATA_DIR / "demo_password").read_text(encoding="ascii").strip()
    with (
        prepared(study) as shared_at,
        listen_on("127.0.0.1", 8100) as listener,
        Processes(settings.DATA_DIR / "logs") as processes,
        sync_playwright() as playwright,
    ):
        base, number = own_web_address(listener), listener.fileno()
        processes.start("web", web_command(f"fd://{number}"), {"EARSIGHT_BASE_URL": base}, files=[number])
        if not wait_until_served(base + reverse("sign_in")):
            sys.exit(processes.log_of("web").read_text(encoding="utf-8"))
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--disable-background-networking",
                "--mute-audio",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        survey(browser, base, study)
        trials_that_ask_more(browser, base)
        console(browser, base, password)
        of_anybody(browser, SHARED_REPORT[0], base + urlsplit(shared_at).path)
        gallery(browser, base, password, Study.objects.get(slug="demo-simulated"), study)
        browser.close()
    for path in OUT.iterdir():
        if path.stem not in all_names():
            path.unlink()
    write_page()


if __name__ == "__main__":
    main()
