"""Both tag sets as prompts: one order, one length, one limit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.redefinition import load_rules, redefine
from generation.redefinition.prompts import TagsDoNotFit, fit_tag_sets, in_order
from generation.redefinition.rules.rule_files import parse_rules
from generation.redefinition.vocabulary import known_tags

RULES = load_rules("curated")
PROBABILITIES = {"guitar": 0.9, "slow": 0.5, "vocal": 0.4, "female vocal": 0.7, "Electronic": 0.3, "pop": 0.3}
TAGS = st.lists(st.sampled_from(sorted(known_tags())), min_size=1, max_size=14, unique=True)


def words(text):
    return len(text.replace(",", " ").split())


def fit(original, redefined=None, *, rules=RULES, limit=10, token_limit=77, probabilities=PROBABILITIES, **others):
    redefined = original if redefined is None else redefined
    return fit_tag_sets(
        original,
        redefined,
        probabilities,
        rules=rules,
        limit=limit,
        count_tokens=words,
        token_limit=token_limit,
        **others,
    )


def test_the_most_probable_tag_comes_first():
    assert in_order(["slow", "pop", "guitar"], PROBABILITIES, RULES) == ["guitar", "slow", "pop"]


def test_a_merged_tag_takes_the_highest_probability_of_its_sources():
    assert in_order(["slow", "female"], PROBABILITIES, RULES) == ["female", "slow"]


def test_ties_and_tags_that_the_tagger_does_not_know_stay_as_given():
    given = ["monks", "pop", "banjo", "electronic", "guitar"]
    assert in_order(given, PROBABILITIES, RULES) == ["guitar", "pop", "electronic", "monks", "banjo"]
    assert in_order(["electronic", "pop"], PROBABILITIES, RULES) == ["electronic", "pop"]
    assert in_order(["banjo", "pop"], {"pop": 0.0}, RULES) == ["pop", "banjo"]


def test_both_sets_are_cut_at_one_length():
    many = sorted(known_tags())[:14]
    fitted = fit(many, many[2:])
    assert (len(fitted.original), len(fitted.redefined)) == (10, 10)


def test_both_sets_lose_tags_until_the_longer_one_fits():
    fitted = fit(["guitar", "slow", "pop"], ["guitar", "female choir", "bass drum"], token_limit=4)
    assert (fitted.original, fitted.redefined) == (("guitar", "slow"), ("guitar", "female choir"))
    assert fitted.length == 2


def test_the_tags_of_both_sets_become_prompt_words():
    fitted = fit(["low", "Guitar", "English"], ["low", "guitar"])
    assert fitted.original == ("guitar", "low-pitched", "english-language song")
    assert fitted.redefined == ("guitar", "low-pitched")
    assert not fitted.unchanged


def test_a_tag_that_the_rules_merge_away_is_not_merged_by_a_word():
    """Its word is that of the tag it merges into, so the original set would be redefined too."""
    fitted = fit(["classic", "classical", "no vocals"], redefine(["classic", "classical", "no vocals"], RULES).tags)
    assert fitted.original == ("classic", "classical", "no vocals")
    assert fitted.redefined == ("classical", "instrumental")
    assert not fitted.unchanged


def test_words_for_the_redefined_set_alone_leave_the_original_tags_as_they_are():
    fitted = fit(["sax", "no vocals"], ["sax", "no vocal"], words_for="redefined")
    assert fitted.original_prompt == "sax, no vocals"
    assert fitted.redefined_prompt == "saxophone, instrumental"
    assert not fitted.unchanged


def test_sets_with_the_same_tags_are_unchanged_however_their_prompts_read():
    tags = ["english", "low"]
    assert fit(tags).unchanged
    wordy = fit(tags, words_for="redefined")
    assert wordy.original_prompt == "english, low"
    assert wordy.redefined_prompt == "english-language song, low-pitched"
    assert wordy.unchanged  # the prompts differ, so a comparison of prompts called the clip changed
    assert not fit(tags, ["english", "quiet"]).unchanged


def test_the_same_tags_in_another_order_are_unchanged_and_take_the_order_of_the_original_set():
    first, second = {"guitar": 0.9, "slow": 0.5, "low": 0.1}, {"low": 0.9, "slow": 0.5, "guitar": 0.1}
    fitted = fit(list(first), list(second), probabilities=first, redefined_probabilities=second)
    assert (fitted.original, fitted.unchanged) == (("guitar", "slow", "low-pitched"), True)
    assert fitted.redefined == fitted.original
    # The token limit leaves two tags; by their own orders these would be guitar, slow and low, slow.
    cut = fit(list(first), list(second), probabilities=first, redefined_probabilities=second, token_limit=2)
    assert (cut.redefined, cut.unchanged) == (("guitar", "slow"), True)
    other = fit(["guitar", "slow"], ["low", "slow"], probabilities=first, redefined_probabilities=second)
    assert other.redefined == ("low-pitched", "slow")
    assert not other.unchanged


def test_a_change_that_the_cut_hides_is_none():
    fitted = fit(["guitar", "slow", "lol"], ["guitar", "slow"], limit=2)
    assert (fitted.redefined, fitted.unchanged) == (("guitar", "slow"), True)
    assert not fit(["guitar", "slow", "lol"], ["guitar", "slow"], limit=3).unchanged


def test_two_tags_with_one_word_give_equal_prompts_and_are_unchanged():
    rules = parse_rules("name: mine\nprompt_words: {bass guitar: bass}\nstages:\n  - name: none\n", "mine.yaml")
    fitted = fit(["guitar", "bass guitar"], ["guitar", "bass"], rules=rules)
    assert fitted.original_prompt == fitted.redefined_prompt == "guitar, bass"
    assert fitted.unchanged
    assert not fit(["guitar", "bass guitar"], ["guitar", "bass"], rules=rules, words_for="redefined").unchanged


def test_two_tags_with_one_prompt_word_use_it_once():
    assert fit(["keyboard", "keyboards", "slow"]).redefined == ("slow", "keyboards")
    rules = parse_rules("name: mine\nprompt_words: {bass guitar: bass}\nstages:\n  - name: none\n", "mine.yaml")
    assert fit(["bass", "bass guitar"], rules=rules).redefined == ("bass",)


def test_equal_tag_sets_give_equal_prompts():
    tags = ["guitar", "slow", "pop"]
    fitted = fit(tags, redefine(tags, RULES).tags)
    assert fitted.original_prompt == fitted.redefined_prompt == "guitar, slow, pop"


def test_an_empty_set_and_a_tag_that_is_too_long_are_refused():
    with pytest.raises(TagsDoNotFit, match="The redefined tag set is empty"):
        fit(["lol"], [])
    with pytest.raises(TagsDoNotFit, match="reads 1 tokens"):
        fit(["electric guitar"], token_limit=1)


@settings(max_examples=100, deadline=None)
@given(tags=TAGS, token_limit=st.integers(4, 40))
def test_the_limit_holds_and_the_cut_is_common(tags, token_limit):
    redefined = redefine(tags, RULES).tags or ["guitar"]
    fitted = fit(tags, redefined, token_limit=token_limit)
    assert max(words(fitted.original_prompt), words(fitted.redefined_prompt)) <= token_limit
    for side, source in ((fitted.original, tags), (fitted.redefined, redefined)):
        assert len(side) <= min(10, fitted.length, len(source))
