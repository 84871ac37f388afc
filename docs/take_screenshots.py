"""Take the screenshots of docs/screenshots.md: every page of the demo at phone and desktop width.

Run by `make screenshots` on a finished demo (`make demo` or `python manage.py demo --no-serve`).
"""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from operator import ne
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from analysis.study_results.gallery import switch_off, switch_on  # noqa: E402
from analysis.study_results.shared_reports import end_share, share_report  # noqa: E402
from config.demo.addresses import listen_on, own_web_address  # noqa: E402
from config.demo.processes import Processes, wait_until_served, web_command  # noqa: E402
from config.deposits.console.jobs import ask_for  # noqa: E402
from config.deposits.facts import facts_from, publication_facts, save_publication_facts  # noqa: E402
from config.rehearsals.request import Wanted, rehearse_study  # noqa: E402
from study.jobs.work import run_job  # noqa: E402
from study.models import Job, Study  # noqa: E402
from study.setup.copying import copy_study  # noqa: E402
from study.setup.drafting import delete_draft  # noqa: E402
from study.setup.instrument_editing import use_preset  # noqa: E402
from study.setup.trash import deleted_studies, erase  # noqa: E402
from study.setup.trying_out import preview_address  # noqa: E402
from study.simulation.chosen_preference import ChosenPreference, Winner  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
DRAFT = "draft-for-screenshots"
RATED = f"{DRAFT}-rating"
# Parts of an address that are known once the pages are there: the draft's first clip, and who took the survey last.
FIRST_CLIP, SURVEYED = "{first clip}", "{surveyed}"
QUALITY = 82
# The survey's pages by size, language and colours of the browser; then the pages that are shown on a phone alone.
KINDS: tuple[tuple[str, str, Literal["light", "dark"]], ...] = (
    ("phone", "en", "light"),
    ("desktop", "en", "light"),
    ("phone", "ko", "dark"),
)
STEPS = ("welcome", "consent", "sound", "instructions", "trial", "enlarged", "answered", "thanks")
ENDS = ("unknown-link", "closed")
# Trials that ask something else than a first and a second choice, by the preset of their questions.
ASKED = {"rating": "match_and_quality", "pair": "pairs"}
# What the page “Publish” of the demo says of it.
PUBLISHED = {
    "creators": [{"family": "Kim", "given": "Mina", "orcid": "0000-0002-1825-0097", "affiliation": "A university"}],
    "keywords": ["music", "images", "human evaluation"],
    "publisher": "Zenodo",
}
# Pages with an address of their own, beside those of the console: (name, heading).
SIGN_IN, SHARED_REPORT = ("sign-in", "Sign in"), ("shared-report", "A report that is shared by a link")
GALLERY = ("gallery", "A public gallery, to link from a paper")
# (name, heading, URL name, arguments of the URL)
CONSOLE: list[tuple[str, str, str, tuple[str | int, ...]]] = [
    ("studies", "All studies", "study_list", ()),
    ("create", "A new study", "study_create", ()),
    ("bring-in", "Bringing in a study from another installation", "study_import", ()),
    ("deleted-studies", "Drafts that were deleted within a day", "deleted_studies", ()),
    ("account", "Your account: password and sign-ins", "account", ()),
    ("second-factor", "The second factor", "second_factor", ()),
    ("words", "The words of the console", "glossary", ()),
    ("form-answers", "Answers from another survey tool", "form_answers", ()),
    ("overview", "A study's overview", "study_overview", ("demo",)),
    ("describe", "Describe: what participants read", "study_describe", (DRAFT,)),
    ("clips", "Clips: upload and listen", "study_clips", (DRAFT,)),
    ("clip-edit", "Clips: rename and trim", "clip_edit", (DRAFT, FIRST_CLIP)),
    ("tags", "Tags: import and edit", "study_tags", (DRAFT,)),
    (
        "generate",
        "Generate: progress, what changed in the tags, what needs a decision",
        "generation_run",
        (DRAFT,),
    ),
    ("tags-compared", "Generate: tags before and after", "generation_tags", (DRAFT,)),
    ("decide", "Generate: doubtful tags with their evidence", "generation_decide", (DRAFT,)),
    ("settings", "Generate: who tags, writes and paints", "generation_settings", (DRAFT,)),
    ("review-draft", "Review: the images of each clip", "generation_review", (DRAFT,)),
    ("clip", "Review: everything about one clip", "generation_clip", (DRAFT, 6)),
    ("large", "Review: one image beside the others", "generation_large", (DRAFT, 6, 1)),
    ("upload", "Images made elsewhere", "generation_upload", (DRAFT,)),
    ("plan", "Plan: fixed before opening", "study_plan", (DRAFT,)),
    ("trial-questions", "Questions in each trial: here ratings of each image", "study_instrument", (RATED,)),
    ("trial-question", "A question of each trial, as participants see it", "instrument_edit", (RATED, "rating")),
    ("questions", "Questions about the person", "study_questions", (DRAFT,)),
    ("question", "A question being built", "question_add", (DRAFT, "before", "choice")),
    ("power", "Power: how many people and clips are needed", "study_power", (DRAFT,)),
    ("analysis-rules", "Analysis rules: early stop and smallest difference", "study_analysis_rules", (DRAFT,)),
    ("reporting", "Reporting: what the checklists ask", "study_reporting", (DRAFT,)),
    ("preregister", "Preregister: the text for a registry", "study_preregister", (DRAFT,)),
    ("preview", "Preview", "study_preview", (DRAFT,)),
    ("rehearse", "Rehearse: simulated people answer a copy", "study_rehearse", (DRAFT,)),
    ("open-draft", "Open: problems to fix first", "study_open", (DRAFT,)),
    ("open", "Open: pause and close", "study_open", ("demo",)),
    ("schedule", "Open and close at a set time", "study_schedule", (DRAFT,)),
    ("monitor", "Monitor", "study_monitor", ("demo-simulated",)),
    (
        "participants",
        "Participants: who is flagged, who is left out",
        "study_participants",
        ("demo-simulated",),
    ),
    ("replay", "The way of one participant", "participant_replay", ("demo", SURVEYED)),
    ("links", "Links", "study_links", ("demo",)),
    ("recruit", "Texts to paste into a recruiting platform", "study_recruit", (DRAFT,)),
    ("stages", "Stages: pilot, main and follow-up", "study_stages", ("demo",)),
    ("versions", "Versions: what was changed while it runs", "study_versions", ("demo",)),
    ("sealed", "Results while sealed", "study_results", ("demo",)),
    ("results", "Results", "study_results", ("demo-simulated",)),
    ("report", "The report", "study_report", ("demo-simulated",)),
    ("figures", "The report's figures", "study_figures", ("demo-simulated",)),
    ("payment", "Payment", "study_payment", ("demo",)),
    ("share", "Sharing the report by a link", "study_share", ("demo-simulated",)),
    ("publish", "Publish: a deposit for a repository", "study_publish", ("demo-simulated",)),
    ("jobs", "Prepared files and uploads", "study_jobs", ("demo-simulated",)),
    ("log", "The log", "study_log", ("demo",)),
    ("colleagues", "Colleagues", "study_members", ("demo",)),
    ("mails", "Mails about a study", "study_mails", ("demo",)),
    ("scripts", "Scripts: tokens for a notebook or a program", "study_scripts", ("demo",)),
    ("delete", "Deleting a draft", "study_delete", (DRAFT,)),
]


def survey_name(step: str, size: str, language: str) -> str:
    return f"survey-{step}-{size}-korean-dark" if language == "ko" else f"survey-{step}-{size}"


def shown_in_both_sizes() -> list[tuple[str, str]]:
    """Name and heading of each page that is no page of the survey, in their order."""
    return [SIGN_IN, *((name, what) for name, what, _url, _address in CONSOLE), SHARED_REPORT, GALLERY]


def all_names() -> set[str]:
    """The names of all screenshots, without the suffix."""
    survey = {survey_name(step, size, language) for step in STEPS for size, language, _scheme in KINDS}
    asked = {survey_name(step, size, language) for step in ASKED for size, language, _scheme in KINDS}
    ends = {survey_name(end, "phone", "en") for end in ENDS}
    return survey | asked | ends | {f"{name}-{size}" for name, _what in shown_in_both_sizes() for size in SIZES}


def save(page: Page, name: str, *, full: bool = True) -> None:
    """Save a WebP screenshot of the window or, if `full`, of the page up to 2.4 times its width."""
    page.wait_for_load_state("networkidle")
    window = page.viewport_size
    assert window is not None
    if full:
        high = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": window["width"], "height": min(high, int(window["width"] * 2.4))})
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(OUT / f"{name}.webp", quality=QUALITY, method=6)
    page.set_viewport_size(window)


def known_parts() -> dict[str | int, str | int]:
    draft, demo = Study.objects.get(slug=DRAFT), Study.objects.get(slug="demo")
    return {FIRST_CLIP: draft.clips.order_by("number")[0].pk, SURVEYED: demo.participants.order_by("-number")[0].code}


def console(browser: Browser, base: str, password: str) -> None:
    known = known_parts()
    for size, (width, height) in SIZES.items():
        page = browser.new_context(viewport={"width": width, "height": height}, locale="en").new_page()
        page.goto(base + reverse("sign_in"))
        save(page, f"{SIGN_IN[0]}-{size}")
        page.fill("input[name=username]", "demo")
        page.fill("input[name=password]", password)
        page.click("form .primary")
        for name, _what, url, address in CONSOLE:
            page.goto(base + reverse(url, args=[known.get(part, part) for part in address]))
            save(page, f"{name}-{size}", full=name not in ("results", "report"))
        page.context.close()


def of_anybody(browser: Browser, name: str, address: str) -> None:
    """Take a page that is seen without signing in."""
    for size, (width, height) in SIZES.items():
        page = browser.new_context(viewport={"width": width, "height": height}, locale="en").new_page()
        page.goto(address)
        save(page, f"{name}-{size}")
        page.context.close()


def gallery(browser: Browser, base: str, study: Study, same_images: Study) -> None:
    """Take a study's gallery, which is hidden while people judge its images: the other study counts as closed here."""
    before = {name: getattr(same_images, name) for name in ("status", "closed_at", "grace_minutes")}
    rows = Study.objects.filter(pk=same_images.pk)
    rows.update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=1), grace_minutes=0)
    try:
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
            save(page, survey_name(name, size, locale), full=False)
        page.context.close()
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(base + "/s/no-such-link-at-all/")
    save(page, survey_name("unknown-link", "phone", "en"), full=False)
    page.goto(base + reverse("survey_welcome", args=[Study.objects.get(slug="demo-simulated").open_link_token]))
    save(page, survey_name("closed", "phone", "en"), full=False)
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
            if step == "pair":
                page.locator(".choice[data-letter=B] .pick").click()
            else:
                for at, letter in zip((5, 2, 4), "ABC", strict=True):
                    page.locator(f"[name='q.match.{letter}']").nth(at).check(force=True)
            save(page, survey_name(step, size, locale), full=False)
            page.context.close()


def write_page() -> None:
    """Write docs/screenshots.md from the saved screenshots."""
    lines = ["# Every page", "", "Taken by `make screenshots` from the demo study.", "", "## The survey", ""]
    for step in (*STEPS, *ASKED, *ENDS):
        pictures = sorted(f"{name}.webp" for name in all_names() if name.startswith(f"survey-{step}-"))
        words = step.replace("-", " ")
        lines += [
            f"### {words.capitalize()}",
            "",
            " ".join(
                f'<img src="screenshots/{name}" width="{360 if "desktop" in name else 200}" alt="{words}">'
                for name in pictures
            ),
            "",
        ]
    lines += ["## The console", ""]
    for name, what in shown_in_both_sizes():
        lines += [
            f"### {what}",
            "",
            f'<img src="screenshots/{name}-desktop.webp" width="560" alt="{what}">\n'
            f'<img src="screenshots/{name}-phone.webp" width="180" alt="{what} on a phone">',
            "",
        ]
    (ROOT / "docs" / "screenshots.md").write_text("\n".join(lines), encoding="utf-8")


def prepare_draft(draft: Study) -> None:
    """Have people from a platform paid for the draft, ask for a rehearsal, and delete another draft."""
    owner = draft.owner
    draft.recruitment_platform = Study.Platform.PROLIFIC
    draft.reward, draft.reward_currency, draft.wage = Decimal("2.50"), "EUR", Decimal(12)
    draft.save()
    delete_draft(copy_study(draft, title="A first try", owner=owner, slug=f"{DRAFT}-deleted"), actor=owner)
    for step, preset in ASKED.items():
        copy = copy_study(draft, title="Images of six pieces", owner=owner, slug=f"{DRAFT}-{step}")
        use_preset(copy, preset, actor=owner)
    preference = ChosenPreference((Winner("tags", "redefined", 0.65),))
    rehearse_study(draft, Wanted(12, 0.1, preference, seed=1), actor=owner)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    study = Study.objects.filter(slug="demo").first()
    if study is None or chromium is None:
        sys.exit("Needs a finished demo (python manage.py demo --no-serve) and Chromium.")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop in this thread
    OUT.mkdir(parents=True, exist_ok=True)
    if not Study.objects.filter(slug=DRAFT).exists():
        prepare_draft(copy_study(study, title="Images of six pieces", owner=study.owner, slug=DRAFT))
    simulated = Study.objects.get(slug="demo-simulated")
    last_day = timezone.localdate() + timedelta(days=30)
    share, shared_at = share_report(simulated, last_day, "for the reviewers", actor=simulated.owner)
    facts = publication_facts(simulated)
    save_publication_facts(simulated, facts_from(PUBLISHED))
    ask_for(simulated, "findings")
    # What a worker would do: the rehearsal, then the reports, one of which the rehearsal asks for.
    while job := Job.objects.filter(state=Job.State.WAITING).order_by("pk").first():
        run_job(job.pk)
    call_command("collectstatic", interactive=False, verbosity=0)
    password = (settings.DATA_DIR / "demo_password").read_text(encoding="ascii").strip()
    with (
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
        gallery(browser, base, simulated, study)
        browser.close()
    end_share(share, actor=simulated.owner)
    save_publication_facts(simulated, facts)
    for slug in (DRAFT, *(f"{DRAFT}-{step}" for step in ASKED)):
        delete_draft(Study.objects.get(slug=slug), actor=study.owner)  # with its rehearsal
    erase(deleted_studies(study.owner))
    write_page()


if __name__ == "__main__":
    main()
