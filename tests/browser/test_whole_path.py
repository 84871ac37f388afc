"""The whole path in a real browser: a researcher makes and opens a study, people answer, the report follows.

Its clips are real music with its real tags where they are at hand, else some of the demo's.
"""

import csv
import io
import lzma
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from config.demo.music import write_demo_clips
from tests.browser.journey import COUNT_STEPS, answer_all, generate, open_study, press, sign_in, start, steps_of
from tests.browser.site import Site, running_site

pytestmark = [pytest.mark.long, pytest.mark.processes]

PEOPLE = 3
MEMORY_LIMIT = 200 * 1024  # KiB
# File names of MagnaTagATune's clips by clip_id.
REAL = {
    "3079": "arthur_yoria-of_the_lovely-01-of_the_lovely-30-59.wav",
    "21610": "tilopa-by_the_way-05-by_the_ganges-175-204.wav",
    "37386": "joram-moments_of_clarity-08-solipsism-59-88.mp3",
}
SHOW = """
from generation.models import ClipStep
for step in ClipStep.objects.filter(kind="redefine").select_related("clip"):
    print(step.clip.name, "|", ";".join(step.result["original"]), "|", ";".join(step.result["corrected"]))
"""


@pytest.fixture
def site(tmp_path: Path, musicnn_folder: Path) -> Iterator[Site]:
    with running_site(tmp_path / "data", musicnn_folder) as running:
        yield running


@pytest.fixture
def music(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[Path], Path]:
    """Three clips, and their tags as a table."""
    table = tmp_path / "tags.csv"
    try:
        shared_data = request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        clips = write_demo_clips(tmp_path / "music")[:3]
        rows = "".join(f"{clip.path.name},{';'.join(clip.tags)}\n" for clip in clips)
        table.write_text("clip,tags\n" + rows, encoding="utf-8")
        return [clip.path for clip in clips], table
    return [shared_data / "clips" / name for name in REAL.values()], real_tags(shared_data, table)


def real_tags(shared_data: Path, out: Path) -> Path:
    """The clips' rows of the data set's own annotations, as a researcher would import them."""
    with lzma.open(shared_data / "mtat" / "annotations_final.csv.xz", "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        tags = {
            row["clip_id"]: [name for name, value in row.items() if value == "1" and name not in ("clip_id",)]
            for row in rows
            if row["clip_id"] in REAL
        }
    lines = "".join(f"{REAL[clip]},{';'.join(names)}\n" for clip, names in tags.items() if names)
    out.write_text("clip,tags\n" + lines, encoding="utf-8")
    return out


def check_tags(site: Site) -> None:
    """The tags of the real clips, as found and as redefined."""
    found = {}
    for line in site.manage("shell", "--verbosity", "0", "-c", SHOW).splitlines():
        name, original, redefined = line.split(" | ")
        found[name] = (original.split(";"), redefined.split(";"))
    singer, flute = found[REAL["3079"]], found[REAL["21610"]]
    assert "female" in singer[1]  # which stands for "vocal"
    assert not {"vocal", "no vocal"} & set(singer[1])
    # The original tags are voice, chant, no voice and no vocal; the redefined ones keep only one side.
    assert ("no vocal" in flute[1]) != bool({"vocal", "chant"} & set(flute[1]))
    for original, redefined in found.values():
        assert 0 < len(original) <= 10
        assert len(redefined) == len(set(redefined))


def phone(chromium: Browser) -> BrowserContext:
    return chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, locale="en")


def points_by_hand(ballots: str) -> Counter[str]:
    """Three points for a 1st choice, one for a 2nd, added up from the exported ballots."""
    points: Counter[str] = Counter()
    for row in csv.DictReader(io.StringIO(ballots)):
        points[row["first"]] += 3
        points[row["second"]] += 1
    return points


@pytest.mark.timeout(2400)
def test_a_study_from_its_creation_to_its_report(chromium: Browser, site: Site, music: tuple[list[Path], Path]) -> None:
    researcher = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    researcher.add_init_script(COUNT_STEPS)
    console = researcher.new_page()
    sign_in(console, site)
    clips, tags = music
    study = generate(console, "Images of three pieces", clips, tags)
    if clips[0].name in REAL.values():
        check_tags(site)
    link = open_study(console)
    assert steps_of(console) < 25  # from signing in to the copied link

    receipts = set()
    for number, picks in enumerate(("AB", "CA", "DB")[:PEOPLE]):
        context = phone(chromium)
        page = context.new_page()
        start(page, link)
        receipts.add(answer_all(page, len(clips), picks, wanders=number == 1))
        context.close()
    assert len(receipts) == PEOPLE

    # Sealed: nothing by condition before the study is closed.
    assert console.request.get(study + "results/report.html").status == 404
    assert console.request.get(study + "results/ballots.csv").status == 404

    console.goto(study + "open/")
    console.locator("#reason-close").fill("Everybody wanted has answered")
    console.get_by_label("Yes, end the study for good").check()
    press(console.get_by_role("button", name="Close the study"))
    console.goto(study + "results/")
    console.get_by_role("button", name="Analyse the answers").click()
    expect(console.get_by_role("link", name="Open the report")).to_be_visible(timeout=600_000)
    expect(console.locator("iframe.report-frame")).to_be_visible(timeout=600_000)

    ballots = console.request.get(study + "results/ballots.csv").text()
    report = console.request.get(study + "results/report.html?language=en").text()
    points = points_by_hand(ballots)
    assert sum(points.values()) == PEOPLE * len(clips) * 4
    for label in ("Redefined tags", "Redefined sentence", "Original tags", "Original sentence"):
        row = re.search(rf"{label}</td>(.*?)</tr>", report, re.S)
        assert row is not None
        total = re.search(r'class="total">(\d+)<', row.group(1))
        assert total is not None
        assert int(total.group(1)) == points[label.lower().replace(" ", "_")]

    # A participant who comes late finds a friendly page.
    late = phone(chromium).new_page()
    answer = late.goto(link)
    assert answer is not None
    assert answer.status in (403, 410)

    for pid in site.web_pids():
        assert "torch" not in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        assert int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) < MEMORY_LIMIT  # type: ignore[union-attr]
    researcher.close()
