"""The words of other collections: mapped into the vocabulary, then redefined by `curated`."""

import unicodedata

import pytest
import yaml

from generation.redefinition import RuleError, load_rules, redefine
from generation.redefinition.prompts import fit_tag_sets
from generation.redefinition.rules.rule_files import RULES_FOLDER, parse_rules
from generation.redefinition.spelling import normalise, suggestion
from generation.redefinition.tag_files import read_tag_table
from tests.generation.redefinition.public_vocabularies import FMA, LASTFM, MTG_JAMENDO

KOREAN = [
    tag
    for rule in yaml.safe_load((RULES_FOLDER / "korean.yaml").read_text())["stages"][0]["merges"]
    for tag in rule["from"]
]


def share_known(name, tags):
    known = load_rules(name).known
    return sum(normalise(tag) in known for tag in tags) / len(tags)


def test_every_tag_of_mtg_jamendo_is_known_with_its_prefix():
    tags = [f"{kind}---{tag}" for kind, names in MTG_JAMENDO.items() for tag in names]
    assert len(tags) == 195
    assert share_known("mtg-jamendo", tags) == 1.0
    assert share_known("curated", tags) < 0.85  # the control


def test_every_genre_of_fma_is_known():
    assert len(FMA) == len(set(FMA)) == 163
    assert share_known("fma", FMA) == 1.0
    assert share_known("curated", FMA) < 0.7


def test_frequent_tags_of_lastfm_are_known():
    unknown = {tag for tag in LASTFM if normalise(tag) not in load_rules("lastfm").known}
    assert unknown == {"rainy day"}
    words = yaml.safe_load((RULES_FOLDER / "lastfm.yaml").read_text())["stages"][0]
    assert sum(len(rule["from"]) for rule in words["merges"]) > 400


def test_korean_tags_are_known_and_become_words_of_the_vocabulary():
    assert len(set(KOREAN)) >= 400
    rules, curated = load_rules("korean"), load_rules("curated").known
    for tag in KOREAN:
        assert set(redefine([tag], rules).tags) <= curated, tag
        assert rules.prompt_word(tag).isascii(), tag


@pytest.mark.parametrize(
    ("name", "tags", "expected"),
    [
        ("lastfm", ["female vocalists", "seen live", "00s", "Hip-Hop"], {"female", "vocal", "2000s", "hip hop"}),
        ("lastfm", ["Electronica", "male vocalist", "favourites"], {"electronic", "male", "vocal"}),
        (
            "mtg-jamendo",
            ["genre---electronic", "instrument---voice", "mood/theme---space"],
            {"electronic", "vocal", "spacey"},
        ),
        ("mtg-jamendo", ["genre---jazzfusion", "80s"], {"jazz", "fusion", "1980s"}),
        ("fma", ["Psych-Rock", "Reggae - Dub", "Compilation"], {"psychedelic rock", "dub"}),
        ("fma", ["Choral Music", "Instrumental"], {"choir", "vocal"}),
        ("korean", ["피아노", "슬픈", "여성 보컬", "추천곡"], {"piano", "sad", "female", "vocal"}),
        ("korean", ["국힙", "연주곡"], {"korean", "hip hop", "no vocal"}),
    ],
)
def test_a_mapping_comes_first_and_curated_after_it(name, tags, expected):
    assert set(redefine(tags, load_rules(name)).tags) == expected


def test_without_the_mapping_the_words_stay_unknown():
    redefined = redefine(["female vocalists", "seen live"], load_rules("curated"))
    assert redefined.tags == ["female vocalists", "seen live"]


def test_a_removed_word_has_its_reason():
    [change] = [
        entry for entry in redefine(["seen live", "rock"], load_rules("lastfm")).changes if entry.tag == "seen live"
    ]
    assert (change.action, change.why) == ("removed", "says nothing about the music")


def test_korean_tags_in_either_unicode_form_and_misspelt():
    rules = load_rules("korean")
    assert redefine([unicodedata.normalize("NFD", "피아노")], rules).tags == ["piano"]
    assert suggestion("피아느", rules.known) == "피아노"
    assert suggestion("♪♪", rules.known) is None
    assert redefine(["펑크"], rules).contested[0].offered == ("punk", "funk")


DECADES = """name: no decades
first: lastfm
stages:
  - name: decades
    removals: [{tags: [1980s, 1990s, 2000s], why: not about the music}]
"""


def test_a_file_of_ones_own_can_follow_a_shipped_set():
    rules = parse_rules(DECADES, "mine.yaml")
    assert redefine(["80s", "pop"], rules).tags == ["pop"]
    assert redefine(["80s", "pop"], load_rules("lastfm")).tags == ["1980s", "pop"]
    assert rules.digest not in (load_rules("lastfm").digest, parse_rules(DECADES + "# x\n", "mine.yaml").digest)
    assert rules.identity["joined_sha256"] == " ".join([load_rules("curated").digest, load_rules("lastfm").digest])
    assert rules.prompt_word("no vocal") == "instrumental"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\nthen: curatd\nstages: [{name: a}]\n", "x.yaml, line 2: then: there is no shipped rule set 'curatd'"),
        ("name: x\nfirst: curated\nstages:\n  - name: contradictions\n", "x.yaml, line 4: curated.yaml has a stage"),
        (
            "name: x\nfirst: curated\nstages:\n  - {name: a, merges: [{into: pop, from: vocals}]}\n",
            "x.yaml, line 4: 'vocals' is gone since curated.yaml, line",
        ),
        (
            "name: x\nstages:\n- name: a\n  merges:\n  - {into: jazz, from: jazzy}\n"
            "  - {into: pop, from: ska, unless: jazzy}\n",
            "x.yaml, line 6: 'jazzy' is gone since line 5",
        ),
    ],
)
def test_faults_of_joined_files_are_named_with_their_file_and_line(text, message):
    with pytest.raises(RuleError) as error:
        parse_rules(text, "x.yaml")
    assert message in str(error.value)


def test_a_translation_is_the_word_of_both_sets_and_no_change():
    rules = load_rules("korean")
    fitted = fit_tag_sets(
        ["피아노", "슬픈"],
        redefine(["피아노", "슬픈"], rules).tags,
        {},
        rules=rules,
        limit=10,
        count_tokens=len,
        token_limit=99,
    )
    assert fitted.original == fitted.redefined == ("piano", "sad")
    assert fitted.unchanged


def test_mtg_jamendos_own_file_is_read(tmp_path):
    path = tmp_path / "autotagging.tsv"
    path.write_text(
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
        "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock\n"
        "track_0000215\tartist_000014\talbum_000031\t15/215.mp3\t151.4\tgenre---metal\tinstrument---voice\n",
        encoding="utf-8",
    )
    table = read_tag_table(path)
    assert table.tags_of(1) == ["genre---metal", "instrument---voice"]
