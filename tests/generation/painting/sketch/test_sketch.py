"""The sketch painter: it draws what is named, leaves out what is denied, and the same again for the same words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from generation.painting import Painter, PromptTooLong, SketchOptions, build_painter
from generation.painting.sketch.composing import FIGURES, PLACES, compose
from generation.painting.sketch.lexicon import FAMILIES, LEXICON
from generation.painting.sketch.palettes import HOME_MOOD, MOODS
from generation.painting.sketch.reading import Reading, count_tokens, read
from generation.painting.sketch.scene import Skeleton

FOUR = [
    "guitar, plucking, classical, slow, no vocal",
    "A slow classical piece for a plucked guitar, without any voice.",
    "guitar, guitars, string, plucking, clasical, no vocals",
    "Plucked guitars and strings play a slow tune in a forest.",
]


@pytest.fixture(scope="module")
def painter() -> Painter:
    return build_painter(SketchOptions(size=128))


def small(image: Image.Image) -> np.ndarray:
    """A picture as 16 × 16 mean colours from 0 to 255."""
    return np.asarray(image.resize((16, 16), Image.Resampling.BOX), float)


def distance(a: Image.Image, b: Image.Image) -> float:
    """Mean difference of pixels, 0 to 255."""
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean())


def names(prompt: str) -> list[str]:
    return [name for name, _ in read(prompt).things]


# -- one call -----------------------------------------------------------------------------------------


def test_paints_one_square_rgb_picture_for_each_prompt(painter):
    pictures = painter.paint(FOUR, seed=1).images
    assert [(p.size, p.mode) for p in pictures] == [((128, 128), "RGB")] * 4
    assert build_painter(SketchOptions(size=200)).paint(["harp"], seed=1).images[0].size == (200, 200)


def test_the_same_words_and_seed_give_the_same_picture(painter):
    first, again = painter.paint(FOUR, seed=5).images, painter.paint(FOUR, seed=5).images
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))


def test_a_picture_does_not_depend_on_its_neighbours(painter):
    alone = painter.paint(FOUR[2:3], seed=5).images[0]
    assert painter.paint(FOUR, seed=5).images[2].tobytes() == alone.tobytes()


def test_pictures_stay_the_same_on_other_machines(painter):
    """The mean colours of three rows, measured once: a change here needs a new `VERSION` of the painter."""
    image = painter.paint(["jazz, saxophone, piano, slow"], seed=3).images[0]
    rows = small(image)[[2, 8, 14]].mean(1)
    measured = [[102.4, 96.6, 91.2], [130.8, 112.8, 89.2], [37.9, 37.9, 41.8]]
    assert np.abs(rows - measured).max() < 1.5


def test_four_prompts_of_a_clip_give_four_different_pictures(painter):
    pictures = painter.paint(FOUR, seed=5).images
    assert min(distance(a, b) for a, b in itertools.combinations(pictures, 2)) > 6


def test_texts_that_name_the_same_things_give_distinguishable_pictures(painter):
    same = [
        "A slow classical composition unfolds on a piano, as a solo performance.",
        "A slow classical and classic composition unfolds on a piano and a piano solo.",
        "slow, classical, piano, solo performance",
        "slow, classical, piano, classic, piano solo",
    ]
    for seed in range(4):
        pictures = painter.paint(same, seed=seed).images
        assert min(distance(a, b) for a, b in itertools.combinations(pictures, 2)) > 1.5


def test_another_seed_gives_another_picture(painter):
    assert distance(*(painter.paint(["violin, classical"], seed=s).images[0] for s in (1, 2))) > 6


def test_prompts_of_one_call_share_the_skeleton_and_seeds_do_not():
    assert str(Skeleton.draw(7)) == str(Skeleton.draw(7))
    assert Skeleton.draw(7).horizon != Skeleton.draw(8).horizon
    assert Skeleton.draw(2**40 + 7).horizon != Skeleton.draw(7).horizon


def test_a_picture_holds_no_metadata(painter, tmp_path):
    image = painter.paint(["harp"], seed=1).images[0]
    assert image.info == {}
    assert not image.getexif()


def test_a_prompt_over_the_limit_is_refused_not_cut(painter):
    with pytest.raises(PromptTooLong, match="Prompt 2 has 102 tokens"):
        painter.paint(["harp", "harp " * 100], seed=1)


def test_identity_names_painter_version_and_size(painter):
    assert painter.identity == {"painter": "sketch", "version": "2", "size": "128"}
    assert isinstance(painter, Painter)


# -- what it knows ------------------------------------------------------------------------------------


def test_every_thing_place_and_mood_of_the_lexicon_can_be_drawn():
    for meaning in LEXICON.values():
        assert set(meaning.things) | set(meaning.suggests) <= set(FIGURES)
        assert meaning.place in {*PLACES, ""}
        assert meaning.mood in {*MOODS, ""}
        assert meaning.tempo in {"fast", "slow", "beat", ""}
    assert set(HOME_MOOD) <= set(PLACES)
    assert {name for family in FAMILIES.values() for name in family} <= set(FIGURES)


def test_each_instrument_looks_unlike_every_other():
    skeleton = Skeleton.draw(4)
    # The same ground and the same hand (digest 1), so that only the thing differs.
    pictures = {
        name: compose(Reading(things=[(name, "subject")], places={"room": 1}, digest=1), skeleton, 96)
        for name in FIGURES
    }
    for a, b in itertools.combinations(pictures, 2):
        assert distance(pictures[a], pictures[b]) > 3.5, (a, b)


def test_each_place_looks_unlike_every_other():
    skeleton = Skeleton.draw(4)
    pictures = {name: compose(Reading(places={name: 1}, moods={"warm": 1}), skeleton, 96) for name in PLACES}
    for a, b in itertools.combinations(pictures, 2):
        assert distance(pictures[a], pictures[b]) > 8, (a, b)


@pytest.mark.parametrize("mood", MOODS)
def test_each_mood_paints_in_every_place_without_complaint(mood):
    place = list(PLACES)[MOODS.index(mood) % len(PLACES)]
    image = compose(Reading(places={place: 1}, moods={mood: 1}, tempos={"beat": 1}), Skeleton.draw(1), 64)
    assert np.asarray(image).std() > 10


@pytest.mark.parametrize(
    "prompt", ["", "xyzzy plugh", "느린 피아노 음악", "медленная музыка", "🎵 🎶", ",;,.", "a" * 30]
)
def test_prompts_that_name_nothing_known_still_give_a_picture(painter, prompt):
    image = painter.paint([prompt], seed=2).images[0]
    assert np.asarray(image).std() > 20


def test_unknown_prompts_differ_too(painter):
    assert distance(*painter.paint(["xyzzy", "plugh"], seed=2).images) > 6


# -- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("acoustic guitar, slow", ["guitar"]),
        ("electric guitar, rock", ["electric_guitar"]),
        ("harpsicord, clasical", ["harpsichord"]),
        ("female vocal, singing", ["female_voice"]),
        ("heavy metal", ["electric_guitar"]),
        ("indian, tabla, drums", ["tabla"]),
        ("violin, violins, piano", ["violin", "piano", "violin"]),
        ("A cello plays over a quiet organ", ["cello", "organ"]),
        ("Over a quiet organ, with bells. A cello plays", ["cello", "bells", "organ"]),
    ],
)
def test_reads_what_is_named(prompt, expected):
    assert names(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "absent"),
    [
        ("guitar, no vocals", FAMILIES["voices"]),
        ("guitar, female vocal, no vocals", FAMILIES["voices"]),
        ("opera, no singing, slow", FAMILIES["voices"]),
        ("instrumental opera", FAMILIES["voices"]),
        ("rock, no drums", FAMILIES["drums"]),
        ("A piano without drums or vocals", FAMILIES["drums"] + FAMILIES["voices"]),
        ("A piano without drums and vocals", FAMILIES["drums"] + FAMILIES["voices"]),
        ("neither guitars nor violins, piano", ("guitar", "violin", "electric_guitar")),
        ("no strings, no flute, harp", ("violin", "cello", "flute")),
        ("not rock, piano", ("electric_guitar",)),
    ],
)
def test_what_is_denied_is_not_drawn(prompt, absent):
    assert not set(names(prompt)) & set(absent)


def test_a_denial_ends_where_the_next_thing_begins():
    assert names("no vocals, piano") == ["piano"]
    assert names("a piece without drums, with a harp") == ["harp"]


def test_a_denied_genre_is_no_place():
    assert read("not classical, piano").first("places") != "hall"


def test_a_sentence_is_composed_unlike_the_list_of_its_tags(painter):
    listed, sentence = painter.paint(
        ["cello, piano, church, slow", "A slow cello and a piano in a church."], seed=9
    ).images
    assert names("cello, piano, church, slow") == names("A slow cello and a piano in a church.")
    assert distance(listed, sentence) > 8


def test_counts_words_marks_and_the_two_ends():
    assert count_tokens("") == 2
    assert count_tokens("slow piano, harp") == 6
    assert count_tokens("synthesizers") == 3
    assert count_tokens("electroacoustically") == 4
    assert count_tokens("느린 음악") == 6
