"""Redefinition of one clip: what comes out, why, and what is left for the researcher."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generation.redefinition import SHIPPED, VoiceThresholds, load_rules, redefine
from generation.redefinition.vocabulary import known_tags

CURATED = load_rules("curated")
SEED = load_rules("seed")
TAGS = st.lists(st.sampled_from([*sorted(known_tags()), "Zyx Hop", "my own tag"]), max_size=12)
SHARES = st.one_of(st.none(), st.floats(0, 1))
PROBABILITIES = st.one_of(
    st.none(), st.dictionaries(st.sampled_from(["vocal", "female", "no vocal", "guitar"]), st.floats(0, 1))
)


def actions(redefined):
    return [(change.tag, change.action, change.into) for change in redefined.changes]


def test_a_gendered_voice_is_a_voice():
    redefined = redefine(["female vocal"], CURATED)
    assert redefined.tags == ["female", "vocal"]
    assert actions(redefined) == [("female vocal", "merged", ("female",)), ("vocal", "added", ())]
    assert all(change.why and change.rule for change in redefined.changes)


def test_a_compound_says_both():
    assert redefine(["fast beat", "male opera"], CURATED).tags == ["fast", "beat", "male", "opera", "vocal"]


def test_case_spaces_and_underscores_do_not_matter():
    assert redefine([" Female_Vocals ", "JAZZY"], CURATED).tags == ["female", "vocal", "jazz"]


def test_unknown_tags_are_kept_and_a_misspelling_gets_a_suggestion():
    redefined = redefine(["Gutar", "Zyx Hop"], CURATED)
    assert redefined.tags == ["Gutar", "Zyx Hop"]
    assert redefined.unknown == {"Gutar": "guitar", "Zyx Hop": None}
    assert redefined.unknown_tags == ["Gutar", "Zyx Hop"]
    assert not redefined.changes


def test_tags_for_both_keep_the_voice_and_list_the_clip():
    redefined = redefine(["no singer", "choir", "slow"], CURATED, voice_share=0.0)
    assert redefined.tags == ["choir", "vocal", "slow"]
    [contested] = redefined.contested
    assert set(contested.people) == {"no singer", "choir"}
    assert (contested.kept, contested.removed) == (("choir", "vocal"), ("no vocal",))
    assert contested.evidence == {"voice_share": 0.0, "detector": "none"}


@pytest.mark.parametrize(
    ("tags", "share", "tagger", "voice", "contested"),
    [
        (["rock"], None, None, set(), False),
        (["rock"], 0.5, None, {"vocal"}, False),
        (["rock"], 0.05, None, {"no vocal"}, False),
        (["rock"], 0.2, None, set(), False),
        (["rock"], 0.0, {"female": 0.6}, set(), False),  # the detectors disagree: nothing is said
        (["rock"], None, {"female": 0.9}, set(), False),  # the tagger adds no tag of its own
        (["singing"], 0.9, None, {"vocal"}, False),
        (["singing"], 0.0, None, {"vocal"}, True),
        (["singing"], 0.0, {"vocal": 0.5}, {"vocal"}, False),  # the tagger hears what the detector missed
        (["singing"], None, {"no vocals": 0.5}, {"vocal"}, True),
        (["no vocals"], 0.9, None, {"no vocal"}, True),
        (["no vocals"], 0.0, None, {"no vocal"}, False),
        (["no vocals"], 0.9, {"no vocals": 0.8, "vocal": 0.1}, {"no vocal"}, False),
    ],
)
def test_the_voice_policy(tags, share, tagger, voice, contested):
    redefined = redefine(tags, CURATED, voice_share=share, tagger_probabilities=tagger)
    assert set(redefined.tags) & {"vocal", "no vocal"} == voice
    assert bool(redefined.contested) == contested


def test_the_researcher_can_side_with_the_detector():
    [contested] = redefine(["no vocals"], CURATED, voice_share=0.9).contested
    assert (contested.kept, contested.removed, contested.offered) == (("no vocal",), (), ("vocal",))
    [contested] = redefine(["female"], CURATED, voice_share=0.0).contested
    assert (contested.kept, contested.removed, contested.offered) == (("female", "vocal"), (), ("no vocal",))


def test_thresholds_are_settings():
    lenient = VoiceThresholds(voice_at=0.1, none_at=0.01)
    assert "vocal" in redefine(["rock"], CURATED, voice_share=0.2, thresholds=lenient).tags
    with pytest.raises(ValidationError, match="must lie below"):
        VoiceThresholds(voice_at=0.1, none_at=0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        redefine(["rock"], CURATED, voice_share=1.5)


def test_contradictory_tempi_are_both_removed():
    redefined = redefine(["fast", "slow", "guitar"], CURATED)
    assert redefined.tags == ["guitar"]
    assert redefined.contested[0].removed == ("fast", "slow")


def test_male_and_female_is_no_contradiction():
    redefined = redefine(["male", "female"], CURATED)
    assert set(redefined.tags) == {"male", "female", "vocal"}
    assert not redefined.contested


def test_solo_is_no_voice():
    assert not redefine(["solo", "no vocals"], CURATED).contested
    assert redefine(["solo", "no vocals"], SEED).tags == ["no vocal"]


def test_the_seed_rules_give_no_vocal_to_every_clip_in_doubt():
    assert redefine(["rock"], SEED).tags == ["rock", "no vocal"]
    assert redefine(["rock"], SEED, voice_share=0.01).tags == ["rock", "vocal"]
    assert redefine(["electronic"], SEED, voice_share=0.0).tags == ["electro", "no vocal"]


def test_prompt_words_are_natural():
    assert [CURATED.prompt_word(tag) for tag in ("no vocal", "female", "sax", "piano")] == [
        "instrumental",
        "female vocals",
        "saxophone",
        "piano",
    ]
    assert SEED.prompt_word("no vocal") == "no vocal"


def test_a_merged_tag_has_the_highest_probability_of_its_sources():
    assert CURATED.probability("female", {"female": 0.1, "woman singing": 0.4, "male": 0.9}) == 0.4
    assert CURATED.probability("piano", {"guitar": 0.4}) is None


@settings(max_examples=150, deadline=None)
@given(tags=TAGS, share=SHARES, probabilities=PROBABILITIES, name=st.sampled_from(SHIPPED))
def test_applying_the_rules_twice_changes_nothing(tags, share, probabilities, name):
    rules = load_rules(name)
    evidence = {"voice_share": share, "tagger_probabilities": probabilities}
    once = redefine(tags, rules, **evidence).tags
    assert redefine(once, rules, **evidence).tags == once


@settings(max_examples=150, deadline=None)
@given(tags=TAGS, share=SHARES, name=st.sampled_from(SHIPPED), data=st.data())
def test_the_order_of_the_tags_changes_nothing(tags, share, name, data):
    rules = load_rules(name)
    shuffled = data.draw(st.permutations(tags))
    one, other = (redefine(order, rules, voice_share=share) for order in (tags, shuffled))
    assert set(one.tags) == set(other.tags)
    assert {(c.rule, frozenset(c.people)) for c in one.contested} == {
        (c.rule, frozenset(c.people)) for c in other.contested
    }


@settings(max_examples=150, deadline=None)
@given(tags=TAGS, share=SHARES, probabilities=PROBABILITIES)
def test_every_change_is_explained(tags, share, probabilities):
    redefined = redefine(tags, CURATED, voice_share=share, tagger_probabilities=probabilities)
    mentioned = {change.tag for change in redefined.changes}
    mentioned |= {tag for change in redefined.changes for tag in change.into}
    for tag in set(tags) ^ set(redefined.tags):
        assert tag in mentioned
    assert not {"vocal", "no vocal"} <= set(redefined.tags)
    assert len(set(redefined.tags)) == len(redefined.tags)
