"""The console in a browser: several files by script, chips, tables, and the folded path on phones."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from analysis.statistics.ballots import PRESET
from study.models import Study
from tests.analysis.tables.survey_exports.downloads import DOWNLOADS, IMAGES, as_csv
from tests.browser.journey import press
from tests.browser.test_kept_forms import KEPT
from tests.factories import PASSWORD, StudyFactory, UserFactory, make_study
from tests.study.conftest import tone

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.fixture
def researcher(transactional_db: None) -> Any:
    return UserFactory(username="mina")


def signed_in(chromium: Browser, address: str, size: dict[str, int], **options: Any) -> Page:
    page = chromium.new_context(viewport=size, base_url=address, **options).new_page()
    page.goto(reverse("sign_in"))
    page.fill("#id_username", "mina")
    page.fill("#id_password", PASSWORD)
    press(page.locator("button.primary"))
    return page


# Faults alone: handing over all that axe has looked at takes longer than the looking.
RUN_AXE = """async () => {
  const found = await axe.run({resultTypes: ["violations"]});
  return found.violations.map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 150)}`);
}"""


def found_by_axe(page: Page) -> list[str]:
    """The name of each fault, with the first element that has it."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(RUN_AXE)


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    found = [f"{page.url}: {fault}" for fault in found_by_axe(page)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url}: wider than the window")
    return found


def test_files_are_uploaded_one_by_one_and_the_refused_one_is_named(
    chromium: Browser, live_server: Any, researcher: Any, tmp_path: Path
) -> None:
    study = StudyFactory(owner=researcher)
    (tmp_path / "a.wav").write_bytes(tone())
    (tmp_path / "b.flac").write_bytes(tone(kind="FLAC", pitch=300))
    (tmp_path / "notes.mp3").write_text("no music here\n" * 50)
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(reverse("study_clips", args=[study.slug]))
    page.set_input_files("#id_files", [tmp_path / "a.wav", tmp_path / "notes.mp3", tmp_path / "b.flac"])
    expect(page.locator("[data-upload-status]")).to_have_text("Added: 2. Not taken: 1.")
    expect(page.locator(".upload-list .failed .state")).to_contain_text("notes.mp3 is a text file")
    assert page.locator("[data-clip-list] .clip-name").all_inner_texts() == ["a.wav", "b.flac"]
    page.locator("[data-play]").first.click()
    expect(page.locator(".play.playing")).to_have_count(1)
    assert study.clips.count() == 2


def test_tags_are_edited_as_chips_by_keyboard(chromium: Browser, live_server: Any, researcher: Any) -> None:
    study = make_study(clips=1, owner=researcher)
    study.clips.update(imported_tags=["piano", "slow"])
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(reverse("study_tags", args=[study.slug]))
    page.locator(".edit-tags summary").click()
    page.keyboard.type("lo-fi")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove slow").click()
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name="Save tags").click()
    expect(page.locator("[data-chips] .chip")).to_have_text(["piano", "lo-fi"])
    assert Study.objects.get().clips.get().imported_tags == ["piano", "lo-fi"]


# What browsers send when Enter ends a syllable: Chromium within the composition, Safari after it, with the code 229.
COMPOSED = """(input) => {
    const key = (type, options) => input.dispatchEvent(
        Object.assign(new KeyboardEvent(type, {bubbles: true, cancelable: true, key: "Enter", ...options})));
    input.value = "피아노";
    key("keydown", {isComposing: true, keyCode: 229});
    input.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: "노"}));
    key("keydown", {keyCode: 229});
}"""


def test_enter_within_a_syllable_adds_nothing_and_commas_make_several_chips(
    chromium: Browser, live_server: Any, researcher: Any
) -> None:
    study = make_study(clips=1, owner=researcher)
    study.clips.update(imported_tags=["slow"])
    page = signed_in(chromium, live_server.url, DESKTOP)
    page.goto(reverse("study_tags", args=[study.slug]))
    page.locator(".edit-tags summary").click()
    chips, field = page.locator(".chip-editor .chip"), page.locator(".chip-editor input[type=text]")
    field.evaluate(COMPOSED)
    expect(field).to_have_value("피아노")
    expect(chips).to_have_count(1)
    field.press("Enter")
    expect(chips).to_have_text(["slow×", "피아노×"])
    page.keyboard.type("lo-fi, sad; 静か、")
    expect(chips).to_have_text(["slow×", "피아노×", "lo-fi×", "sad×", "静か×"])
    field.evaluate("""(input) => {
        const data = new DataTransfer();
        data.setData("text/plain", "rock, slow\\nfemale vocal\\tjazz");
        input.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""")
    page.keyboard.type("blues")
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name="Save tags").click()
    saved = ["slow", "피아노", "lo-fi", "sad", "静か", "rock", "female vocal", "jazz", "blues"]
    expect(page.locator("[data-chips] .chip")).to_have_text(saved)
    assert study.clips.get().imported_tags == saved


def test_a_chosen_table_is_previewed_and_its_encoding_chosen_by_a_click(
    chromium: Browser, live_server: Any, researcher: Any, tmp_path: Path
) -> None:
    study = make_study(clips=1, owner=researcher)
    name = study.clips.get().name
    (tmp_path / "tags.csv").write_bytes(f"clip,tags\n{name},钢琴;安静\n".encode("gb18030"))
    page = signed_in(chromium, live_server.url, PHONE)
    page.goto(reverse("study_tags", args=[study.slug]))
    page.set_input_files("#id_file", tmp_path / "tags.csv")
    preview = page.locator("[data-table-preview]")
    expect(preview).to_contain_text("the encoding is not clear")
    page.get_by_role("button", name="GB18030").click()
    expect(preview.locator("td").last).to_have_text("钢琴;安静")
    assert faults(page) == []
    press(page.get_by_role("button", name="Import", exact=True))
    assert study.clips.get().imported_tags == ["钢琴", "安静"]


def test_a_forms_download_becomes_ballots_on_one_page(
    chromium: Browser, live_server: Any, researcher: Any, tmp_path: Path
) -> None:
    (tmp_path / "form.csv").write_bytes(as_csv(DOWNLOADS["google_forms_in_korean"]()))
    page = signed_in(chromium, live_server.url, PHONE, accept_downloads=True)
    page.goto(reverse("form_answers"))
    page.set_input_files("#id_file", tmp_path / "form.csv")
    expect(page.get_by_label("Image 2")).to_have_value("Image 2")
    for image, condition in zip(IMAGES, PRESET, strict=True):
        page.get_by_label(image).fill(condition)
    page.get_by_role("button", name="Show the ballots").click()
    expect(page.get_by_text("180 ballots of 30 people.", exact=True)).to_be_visible()
    assert faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the ballots").click()
    assert download.value.path().read_text().startswith("participant,clip,first,second\n")
    page.get_by_label("Which questions are about which clip").fill("clips: [")
    assert page.evaluate(KEPT) == 0, "answers of people stay out of the browser's storage"
    page.context.set_offline(True)
    page.get_by_role("button", name="Show the ballots").click()
    expect(page.get_by_role("alert")).to_contain_text("The page cannot be reached.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Show the ballots").click()
    expect(page.get_by_role("alert")).to_contain_text("mapping, line 2: not valid YAML")
    expect(page.get_by_label("Image 2")).to_have_value("redefined_sentence")


def test_the_path_is_folded_on_a_phone(chromium: Browser, live_server: Any, researcher: Any) -> None:
    study = StudyFactory(owner=researcher)
    page = signed_in(chromium, live_server.url, PHONE)
    page.goto(reverse("study_overview", args=[study.slug]))
    link = page.locator("#nav-body").get_by_role("link", name="Clips")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    press(link)
    assert page.url.endswith(reverse("study_clips", args=[study.slug]))


def test_without_a_script_a_file_is_uploaded_all_the_same(
    chromium: Browser, live_server: Any, researcher: Any, tmp_path: Path
) -> None:
    study = StudyFactory(owner=researcher)
    (tmp_path / "a.wav").write_bytes(tone())
    page = signed_in(chromium, live_server.url, PHONE, java_script_enabled=False)
    page.goto(reverse("study_clips", args=[study.slug]))
    page.set_input_files("#id_files", tmp_path / "a.wav")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status").first).to_have_text("1 clip added.")


def test_clips_are_chosen_with_shift_and_deleted_ones_come_back_by_undo(
    chromium: Browser, live_server: Any, researcher: Any
) -> None:
    study = make_study(clips=22, owner=researcher)
    page = signed_in(chromium, live_server.url, PHONE)
    page.goto(reverse("study_clips", args=[study.slug]))
    boxes = page.locator("[data-choose-row]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-chosen-count]")).to_have_text("4 chosen")
    page.fill("#clip-filter", "clip20")
    page.check("[data-choose-all]")
    expect(page.locator("[data-chosen-count]")).to_have_text("5 chosen")
    page.select_option("#choose-action", "delete")
    press(page.locator(".choose-bar button"))
    assert faults(page) == []
    press(page.locator("main .button.danger"))
    expect(page.locator(".with-undo")).to_contain_text("done for 5 clips")
    assert faults(page) == []
    assert study.clips.count() == 17
    press(page.locator(".with-undo button"))
    expect(page.locator(".notice.success")).to_contain_text("It is back")
    assert study.clips.count() == 22
