"""Korean tags through the step that redefines: both tag sets in one language, without redundancy, and what goes."""

from __future__ import annotations

import pytest

from generation.errors import StepFailed
from generation.redefinition import load_rules
from generation.redefinition.choices import TagChoice, with_choices
from generation.runs.steps.redefine import DetectorEvidence, redefine_clip
from generation.settings_model import GenerationSettings
from generation.writing import OpenAIOptions, WritingError

KOREAN = GenerationSettings(writer=OpenAIOptions(model="m", sentence_language="ko"))
ENGLISH = GenerationSettings()


def redefined(tags, settings, rules):
    chosen = load_rules(rules) if isinstance(rules, str) else rules
    return redefine_clip("a.mp3", tags, DetectorEvidence({}, None), {}, settings, chosen)


@pytest.mark.parametrize("rules", ["curated", "korean"])
@pytest.mark.parametrize(
    ("tags", "general", "special"),
    [
        (["바이올린", "현악", "느린"], "현악", "바이올린"),
        (["여성 보컬", "보컬", "통기타"], "보컬", "여성 보컬"),
        (["통기타", "기타", "느린"], "기타", "통기타"),
        (["violin", "strings", "느린"], "현악", "바이올린"),
        (["하드 록", "록", "빠른"], "록", "하드 록"),
    ],
)
def test_a_korean_prompt_has_no_general_word_beside_a_special_one(rules, tags, general, special):
    result = redefined(tags, KOREAN, rules)
    assert special in result["redefined"]
    assert general not in result["redefined"]
    assert general not in result["prompts"]["redefined"].split(", ")
    # The control: the original set, to which no rule is applied, has both.
    assert {general, special} <= set(result["original"])


@pytest.mark.parametrize("rules", ["curated", "korean"])
def test_a_korean_clip_has_the_same_tags_in_either_language(rules):
    tags = ["여성 보컬", "보컬", "바이올린", "현악", "국힙" if rules == "korean" else "힙합"]
    korean, english = (redefined(tags, settings, rules) for settings in (KOREAN, ENGLISH))
    assert korean["corrected"] == english["corrected"]


def test_words_that_the_rules_remove_are_in_no_english_prompt_and_have_their_reason():
    tags = ["통기타", "추천곡", "바이올린", "현악"]
    result = redefined(tags, ENGLISH, "korean")
    assert result["original"] == ["acoustic guitar", "violin", "strings"]
    assert result["redefined"] == ["acoustic guitar", "violin"]
    assert [change["why"] for change in result["changes"] if change["tag"] == "추천곡"] == [
        "says nothing about the music"
    ]
    # In a Korean prompt people's own word stays, and the rules take it out.
    korean = redefined(tags, KOREAN, "korean")
    assert "추천곡" in korean["original"]
    assert "추천곡" not in korean["redefined"]
    with pytest.raises((StepFailed, WritingError), match="“추천곡”"):
        redefined(tags, ENGLISH, "curated")


def test_the_studys_choices_translate_too():
    tags = ["통기타", "새벽감성", "내맘", "바이올린"]
    choices = {"새벽감성": TagChoice(action="map", into=("dreamy",)), "내맘": TagChoice(action="drop")}
    for rules in ("curated", "korean"):
        result = redefined(tags, ENGLISH, with_choices(load_rules(rules), choices))
        assert set(result["redefined"]) == {"acoustic guitar", "dreamy", "violin"}
        assert result["translated"]["dreamy"] == "새벽감성"
    with pytest.raises((StepFailed, WritingError), match=r"“새벽감성”, “내맘”.*map or drop them"):
        redefined(tags, ENGLISH, "curated")


def test_a_word_with_two_meanings_is_refused_until_the_study_says_which():
    with pytest.raises((StepFailed, WritingError), match="“펑크”"):
        redefined(["펑크", "빠른"], ENGLISH, "korean")
    chosen = with_choices(load_rules("korean"), {"펑크": TagChoice(action="map", into=("funk",))})
    assert set(redefined(["펑크", "빠른"], ENGLISH, chosen)["original"]) == {"funk", "fast"}
