"""README.md is read by people, and its front matter by the Hugging Face hub."""

from dataclasses import replace

import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from config.deposits.formats.readme import front_matter, readme
from tests.config.deposits.formats.conftest import Written

# The hub's own list of sizes, and its name of a configuration: letters, digits, points, hyphens and underscores.
SIZES = {"n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M"}


def test_the_card_is_read_by_the_hubs_library_and_names_every_table(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        card = DatasetCard(written.text("README.md"))
        assert isinstance(card.data, DatasetCardData)
        configs = card.data.to_dict()["configs"]
        paths = [one["data_files"][0]["path"] for one in configs]
        assert paths == [table.path for table in written.deposit.tables]
        assert all((written.folder / path).is_file() for path in paths)
        assert [one.get("default") for one in configs] == [True] + [None] * (len(configs) - 1)
        assert set(card.data.size_categories) <= SIZES
        assert card.content.count("\n---\n") == 1
    data = DatasetCard(choices.text("README.md")).data
    assert (data.license, data.language, data.annotations_creators) == ("cc-by-4.0", ["en", "ko"], ["crowdsourced"])
    other = DatasetCard(ratings.text("README.md")).data.to_dict()
    assert other["license"] == "other"
    assert other["license_name"] == "free-for-research-ask-us-first"
    assert other["annotations_creators"] == ["machine-generated"]
    assert "simulated" in other["tags"]


@pytest.mark.parametrize(("answers", "size"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (2_000_000, "n>1M")])
def test_the_size_is_of_the_answers(choices: Written, answers: int, size: str) -> None:
    assert yaml.safe_load(front_matter(replace(choices.deposit, n_answers=answers)))["size_categories"] == [size]


def test_people_find_what_they_need(choices: Written, ratings: Written) -> None:
    text = choices.text("README.md")
    for needed in (
        "# Do redefined tags make better images of music?",
        "4 people, as analysed, answered about images of 3 clips of music",
        "The analysis rests on 12 answers; answers were given from 2026-03-01 to 2026-03-20.",
        "File: `data/description-ballots_data.csv`, CSV in UTF-8. A row is named by `participant`, `clip`, `repeat`.",
        "| `original_tags` | Original tags | original | tags |",
        "## Table ballots",
        "| `seconds` | integer | s |",
        "python manage.py reproduce_report DEPOSIT",
        "**Compensation.** A voucher of 5,000 won.",
        "@dataset{tags-and-sentences-2026,",
        "author = {Kim, Ji-woo and {Sound and Image Group}}",
        "12 images, as `materials/images/00_redefined_tags.png`",
        "1 sound, as `materials/sounds/slow strings.mp3`",
        "CC-BY-NC-SA-3.0",
    ):
        assert needed in text
    simulated = ratings.text("README.md")
    assert "A simulation of 4 people answered about images" in simulated
    assert "## Limits" not in simulated


def test_texts_have_no_meaning_in_markdown(choices: Written) -> None:
    deposit = replace(choices.deposit, limits=("# <b>bold</b> | [link](javascript:x) `code`",), contact="- item\n1. x")
    text = readme(deposit)
    assert "- \\# \\<b\\>bold\\</b\\> \\| \\[link\\](javascript:x) \\`code\\`" in text
