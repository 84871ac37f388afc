"""Kinds and natural words of tags."""

import re
from pathlib import Path

import pytest

from generation.redefinition.vocabulary import KINDS, VOCABULARY_FILE, kind_of, known_tags, prompt_word


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("harpsicord", "instrument"),
        ("Female_Vocal", "voice"),
        ("no singer", "voice"),
        ("heavy metal", "genre"),
        ("eerie", "mood"),
        ("fast beat", "tempo"),
        ("middle eastern", "origin"),
        ("lol", "other"),
        ("never heard of", "other"),
    ],
)
def test_every_tag_has_a_kind(tag, kind):
    assert kind_of(tag) == kind


def test_all_tags_of_magnatagatune_are_listed(shared_data: Path):
    tags = (shared_data / "mtat" / "tags188.txt").read_text().split("\n")
    assert {tag for tag in tags if tag} <= known_tags()
    assert {kind_of(tag) for tag in tags if tag} == set(KINDS)


def test_words_are_natural_and_name_known_tags():
    assert prompt_word("no vocals") == "instrumental"
    assert prompt_word("woman singing") == "female vocals"
    assert prompt_word("Something Else") == "something else"
    worded = re.findall(r"^  ([^:#]+): [a-z]", VOCABULARY_FILE.read_text().split("words:")[1], re.M)
    assert set(worded) <= known_tags()
