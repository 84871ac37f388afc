"""A study's choices for tags that the rules do not know, and the suggestions for them."""

import pytest
from pydantic import ValidationError

from generation.redefinition import load_rules, redefine
from generation.redefinition.choices import TagChoice, rule_sets_that_know, suggested_choice, unknown_tags, with_choices

CURATED = load_rules("curated")
CHOICES = {
    "Female Vocalists": TagChoice(action="map", into=("electro", "female")),
    "zyx hop": TagChoice(action="keep"),
    "seen live": TagChoice(action="drop"),
}


def test_choices_come_before_the_rules():
    rules = with_choices(CURATED, CHOICES)
    redefined = redefine(["female vocalists", "Zyx  Hop", "Seen_Live"], rules)
    assert redefined.tags == ["electronic", "female", "vocal", "zyx hop"]
    assert redefined.unknown == {}
    changes = {change.tag: change for change in redefined.changes}
    assert changes["seen live"].action == "removed"
    assert changes["female vocalists"].into == ("electro", "female")
    assert changes["seen live"].why == changes["female vocalists"].why == "chosen for this study"
    assert redefine(["female vocalists"], CURATED).tags == ["female vocalists"]  # the control


def test_provenance_tells_choices_apart_and_keeps_the_digest_of_the_rules():
    one, other = with_choices(CURATED, CHOICES), with_choices(CURATED, CHOICES | {"x": TagChoice(action="drop")})
    assert one.digest == CURATED.digest
    assert "choices_sha256" not in CURATED.identity
    assert len({rules.identity.get("choices_sha256") for rules in (CURATED, one, other)}) == 3
    assert with_choices(CURATED, dict(reversed(CHOICES.items()))).identity == one.identity
    assert with_choices(CURATED, {}) is CURATED


@pytest.mark.parametrize(
    ("tag", "expected", "source"),
    [
        ("female vocalists", "female", "lastfm"),
        ("seen live", "drop", "lastfm"),
        ("acousticguitar", "acoustic guitar", "spelling"),
        ("Psych-Rock", "psychedelic rock", "fma"),
        ("피아노", "piano", "korean"),
        ("giutar", "guitar", "spelling"),
        ("zyx", "None", ""),
    ],
)
def test_suggestions_come_from_other_rule_sets_and_from_spelling(tag, expected, source):
    choice, found = suggested_choice(tag, CURATED)
    assert (str(choice), found) == (expected, source) or (str(choice), found) == (expected, "mtg-jamendo")


def test_unknown_tags_are_counted_once_a_clip_and_the_most_frequent_come_first():
    found = unknown_tags([["Seen Live", "seen_live", "rock"], ["seen live", "giutar"], []], CURATED)
    assert [(entry.tag, entry.clips) for entry in found] == [("Seen Live", 2), ("giutar", 1)]
    assert rule_sets_that_know(["seen live", "favourites", "피아노"])[0] == ("lastfm", 2)


def test_only_a_mapping_has_a_target():
    for fields in ({"action": "map"}, {"action": "drop", "into": ["rock"]}):
        with pytest.raises(ValidationError, match="mapped into one or more tags"):
            TagChoice(**fields)
