"""The same pipeline on real music with its real tags, web server and worker as separate processes."""

import csv
import lzma
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.journey import generate, sign_in
from tests.browser.site import running_site

pytestmark = [pytest.mark.long, pytest.mark.processes]

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


@pytest.mark.timeout(2400)
def test_real_clips_with_their_real_tags_become_images(
    chromium: Browser, shared_data: Path, musicnn_folder: Path, tmp_path: Path
) -> None:
    tags = real_tags(shared_data, tmp_path / "tags.csv")
    named = {line.partition(",")[0] for line in tags.read_text(encoding="utf-8").splitlines()[1:]}
    clips = [shared_data / "clips" / name for name in REAL.values() if name in named]
    assert len(clips) >= 2
    with running_site(tmp_path / "data", musicnn_folder) as site:
        page = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en").new_page()
        sign_in(page, site)
        generate(page, "Three real clips", clips, tags)
        found = {}
        for line in site.manage("shell", "--verbosity", "0", "-c", SHOW).splitlines():
            name, original, redefined = line.split(" | ")
            found[name] = (original.split(";"), redefined.split(";"))
        page.context.close()
    singer, flute = found[REAL["3079"]], found[REAL["21610"]]
    assert "female" in singer[1]  # which stands for "vocal"
    assert not {"vocal", "no vocal"} & set(singer[1])
    # The original tags are voice, chant, no voice and no vocal; the redefined ones keep only one side.
    assert ("no vocal" in flute[1]) != bool({"vocal", "chant"} & set(flute[1]))
    for original, redefined in found.values():
        assert 0 < len(original) <= 10
        assert len(redefined) == len(set(redefined))
