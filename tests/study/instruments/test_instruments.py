"""Instruments: what is read, what is refused and in which words, and what an answer becomes."""

from typing import Any

import pytest

from study.instruments.answers import AnswerRefused, Shown, content_of, further_ranks, pair_content
from study.instruments.content import canonical_content, named_content
from study.instruments.presets import PRESETS
from study.instruments.questions import CLASSIC, Choose, Instrument
from study.instruments.reading import InstrumentRefused, instrument_from, to_data

SHOWN = Shown({"A": 11, "B": 12, "C": 13, "D": 14}, chosen=(12, 14))


def instrument(*questions: dict[str, Any], **facts: Any) -> Instrument:
    return instrument_from({"questions": list(questions), **facts})


def rating(**facts: Any) -> dict[str, Any]:
    return {"kind": "rate", "key": "rating", "scales": [{"key": "match", **facts.pop("scale", {})}], **facts}


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name]])
def test_presets_are_instruments_and_speak_both_languages(name: str) -> None:
    read = instrument_from(PRESETS[name])

    assert instrument_from(to_data(read)) == read
    assert read.comparing()
    for _question, scale in read.scales():
        assert all(set(texts) == {"en", "ko"} for texts in (scale.text, scale.low, scale.high))


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ([rating(), rating()], "“rating”|“match”"),
        ([{"kind": "choose", "key": "a"}, {"kind": "pair", "key": "b"}], "“b” by a rating"),
        ([rating(of="chosen")], "put a question that chooses images before it"),
        ([{"kind": "choose", "key": "a", "ranks": 3, "points": [1, 2, 3]}], r"1 of each trial \(a\).*3 ranks"),
        ([rating(scale={"steps": 6})], r"1 of each trial \(rating\): scales 1 steps"),
        ([{"kind": "pick", "key": "p", "options": [{"key": "x"}, {"key": "x"}]}], "categories are called “x”"),
        ([{"kind": "text", "key": "why"}], "nothing in it has to be answered"),
        ([{"kind": "guess", "key": "why"}], "1 of each trial"),
        ([rating(), {**rating(), "key": "match", "scales": [{"key": "other"}]}], "are called “match”"),
        ([rating(text={"en": "a\0"})], "a character in it cannot be stored"),
        ([{**rating(), "key": f"r{q}", "scales": [{"key": f"s{q}_{at}"} for at in range(5)]} for q in range(5)], "24"),
        ([{"kind": "text", "key": "k" * 90_000}], "^.{,500}$"),
    ],
)
def test_what_is_no_instrument_is_refused_with_the_question(questions: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InstrumentRefused, match=said):
        instrument(*questions)


def test_the_main_question_of_the_plan_compares_images() -> None:
    sure = {"kind": "confidence", "key": "sure"}

    assert instrument(rating(), sure).primary_key == "match"
    with pytest.raises(InstrumentRefused, match="“sure” compares no images; name one of: match"):
        instrument(rating(), sure, primary="sure")


def test_ratings_are_kept_by_image_and_nothing_counts_unanswered() -> None:
    read = instrument(rating(scale={"steps": 7, "cannot_say": True}))
    sent = {"match.A": ["5"], "match.B": ["none"], "match.C": ["1"], "match.D": ["7"]}

    assert content_of(read, sent, SHOWN) == {"match": {"11": 5, "12": None, "13": 1, "14": 7}}
    for wrong in ({"match.D": [""]}, {"match.D": ["8"]}, {"match.D": ["0"]}, {"match.D": ["٣"]}, {"match.E": ["3"]}):
        with pytest.raises(AnswerRefused):
            content_of(read, sent | wrong, SHOWN)


def test_cannot_say_is_an_answer_only_where_it_is_offered() -> None:
    with pytest.raises(AnswerRefused):
        content_of(instrument(rating(of="music")), {"match": ["none"]}, SHOWN)


def test_only_chosen_images_are_rated_where_the_question_says_so() -> None:
    read = instrument({"kind": "choose", "key": "choice"}, rating(of="chosen"))

    assert content_of(read, {"match.A": ["1"], "match.B": ["6"], "match.D": ["2"]}, SHOWN) == {
        "match": {"12": 6, "14": 2}
    }
    assert content_of(read, {}, Shown(SHOWN.images)) == {}
    with pytest.raises(AnswerRefused, match="Image D"):
        content_of(read, {"match.A": ["1"], "match.B": ["6"]}, SHOWN)


def test_a_slider_takes_0_to_100() -> None:
    read = instrument(rating(of="music", scale={"steps": "slider"}))

    assert content_of(read, {"match": ["0"]}, SHOWN) == {"match": 0}
    assert content_of(read, {"match": ["100"]}, SHOWN) == {"match": 100}
    with pytest.raises(AnswerRefused):
        content_of(read, {"match": ["101"]}, SHOWN)


def test_picks_words_and_confidence() -> None:
    options = [{"key": "joy"}, {"key": "calm"}]
    read = instrument(
        {"kind": "pick", "key": "mood", "several": True, "options": options},
        {"kind": "pick", "key": "each", "of": "images", "required": False, "options": options},
        {"kind": "text", "key": "why"},
        {"kind": "confidence", "key": "sure"},
    )
    sent = {"mood": ["calm", "joy"], "each.B": ["joy"], "why": [" two\nlines\x00 "], "sure": ["4"]}

    assert content_of(read, sent, SHOWN) == {
        "mood": ["joy", "calm"],
        "each": {"12": "joy"},
        "why": "two lines",
        "sure": 4,
    }
    assert "why" not in content_of(read, sent | {"why": [""]}, SHOWN)
    for wrong in ({"mood": []}, {"mood": ["grief"]}, {"each.B": ["joy", "calm"]}, {"sure": []}, {"sure": ["6"]}):
        with pytest.raises(AnswerRefused):
            content_of(read, sent | wrong, SHOWN)


def test_ranks_after_the_second() -> None:
    images = list(SHOWN.images.values())
    three, every = Choose(key="choice", ranks=3), Choose(key="choice", ranks=4)

    assert further_ranks(three, 11, 12, [14], images, required=True) == [14]
    assert further_ranks(every, 11, 12, [14], images, required=True) == [14, 13], "the last place is the image left"
    assert further_ranks(three, 11, None, [], images, required=False) == []
    for first, second, further in ((11, 12, []), (11, 12, [11]), (11, None, [12]), (11, 12, [13, 14])):
        with pytest.raises(AnswerRefused):
            further_ranks(three, first, second, further, images, required=True)


def test_a_tie_is_taken_only_where_it_is_offered() -> None:
    pairs = instrument({"kind": "pair", "key": "pair"}).pair
    strict = instrument({"kind": "pair", "key": "pair", "tie": False}).pair
    assert pairs is not None
    assert strict is not None

    assert pair_content(pairs, tie=True) == {"pair": "tie"}
    assert pair_content(pairs, tie=False) == {}
    with pytest.raises(AnswerRefused):
        pair_content(strict, tie=True)


def test_digests_name_images_and_not_their_ids() -> None:
    names = {11: "a", 12: "b", 13: "c", 14: "d"}
    content = {"choice": [13, 14], "match": {"11": 5, "12": None}, "sure": 4, "mood": ["joy"]}

    assert named_content(content, names, "choice") == {
        "choice": ["c", "d"],
        "match": {"a": 5, "b": None},
        "sure": 4,
        "mood": ["joy"],
    }
    assert canonical_content({"b": 1, "a": "한"}) == '{"a":"한","b":1}'
    assert canonical_content({}) == ""


def test_the_question_of_before_is_an_instrument() -> None:
    assert CLASSIC.choose is not None
    assert CLASSIC.choose.ranks == 2
    assert CLASSIC.comparing() == ["choice"]
    assert CLASSIC.images_shown(4) == 4
