"""Identifiers and disclosures: each planted leak is named by its kind, and no name of a clip alarms."""

import csv
import lzma
from pathlib import Path

import pytest

from config.deposits.personal.identifiers import masked
from config.deposits.personal.search import Search
from tests.config.deposits.personal.leaks import HARMLESS_NAMES, HARMLESS_WORDS, LEAKS

SEARCH = Search()


def kinds(text: str) -> set[str]:
    return {one.kind for one in SEARCH.words(text)}


@pytest.mark.parametrize("kind", LEAKS)
def test_each_leak_is_named_by_its_kind_within_a_sentence_too(kind):
    for leak in LEAKS[kind]:
        assert kind in kinds(leak), leak
        assert kind in kinds(f"두 번째가 좋아요. {leak}"), leak
        assert kind in kinds(f"It fits well,\n{leak}"), leak


def test_more_than_ninety_leaks_are_planted():
    assert sum(map(len, LEAKS.values())) > 90


def test_what_says_nothing_of_a_person_does_not_alarm():
    for text in HARMLESS_WORDS:
        assert not SEARCH.words(text), text
    for name in HARMLESS_NAMES:
        assert not SEARCH.made(name), name


def test_no_name_of_magnatagatune_and_no_tag_alarms(shared_data: Path):
    with lzma.open(shared_data / "mtat" / "clip_info_final.csv.xz", "rt") as file:
        names = [row["mp3_path"] for row in csv.DictReader(file, delimiter="\t")]
    tags = (shared_data / "mtat" / "tags188.txt").read_text().splitlines()
    assert len(names) > 25_000
    assert not [(name, found) for name in [*names[::5], *tags] if (found := SEARCH.made(name))]


def test_researchers_own_addresses_and_names_are_no_finding():
    search = Search(known_names=["Jane Doe", "김민아", "mkim", "admin", "Li"], own=["jane@example.org", "Jane Doe"])
    assert not search.words("Questions? jane@example.org")
    assert not search.words("Jane Doe wrote this as admin; a lively lithe line")
    assert [one.value for one in search.words("ask 김민아에게 or MKIM, not smkim")] == ["김민아", "MKIM"]


def test_a_page_does_not_show_what_was_found_whole():
    assert masked("jane.doe@example.org") == "j•••.d••@e••••••.o••"
    assert masked("My name is Jane Doe", "Jane Doe") == "My name is J••• D••"
    for leaks in LEAKS.values():
        for leak in leaks:
            for one in SEARCH.words(leak):
                assert one.secret not in masked(one.value, one.secret)
