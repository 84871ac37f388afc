"""The distance of two sketches follows the distance of their tag sets; the form of a prompt changes less than a tag."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from generation.painting import SketchOptions, build_painter
from generation.redefinition.vocabulary import prompt_word
from generation.writing.options import TemplateOptions
from generation.writing.template_writer import TemplateWriter
from tests.generation.painting.sketch.measure import (
    colour_distances,
    detail,
    draw_clips,
    picture_distances,
    rank_correlation,
    tag_distances,
)

CLIPS, VERSIONS = 40, 5
# A sample, and its painting seed, that no choice in the painter was made by: those were made by 3, 21 and 22.
SEED = 11
# ΔE (CIE 1976), mean over 16 × 16 cells: two prompts of different tags of the fifty are never nearer.
LEAST_COLOUR_DISTANCE = 1.9


@pytest.fixture(scope="module")
def painter():
    return build_painter(SketchOptions(size=64))


@pytest.fixture(scope="module")
def sets():
    return draw_clips(CLIPS, VERSIONS, seed=SEED)


@pytest.fixture(scope="module")
def lists(painter, sets):
    return painter.paint([", ".join(tags) for tags in sets], seed=SEED).images


@pytest.fixture(scope="module")
def sentences(painter, sets):
    writer = TemplateWriter(TemplateOptions(kind="template"))
    texts = [
        writer.write(tags, count_tokens=painter.count_tokens, token_limit=77, seed=SEED).text
        for tags in sets[::VERSIONS]
    ]
    return painter.paint(texts, seed=SEED).images


def test_the_distance_of_two_pictures_follows_the_distance_of_their_tags(sets, lists, capsys):
    """Over 200 tag sets. The control, version 2 of the painter with the same sample: 0.30 within clips, 0.19 over all.

    Of the six held-out samples in docs/sketch-painter.md this is the first, and the one with the lowest correlation.
    """
    a, b = np.triu_indices(len(sets), 1)
    of_a_clip = a // VERSIONS == b // VERSIONS
    wanted, measured = tag_distances(sets), picture_distances(lists)
    within, over_all = rank_correlation(wanted[of_a_clip], measured[of_a_clip]), rank_correlation(wanted, measured)
    with capsys.disabled():
        print(f"\nrank correlation {within:.2f} within clips, {over_all:.2f} over all pairs")
    assert within >= 0.6
    assert over_all >= 0.4


def test_the_measure_finds_nothing_between_pictures_and_the_tags_of_other_clips(sets, lists):
    others = sets[7 * VERSIONS :] + sets[: 7 * VERSIONS]
    a, b = np.triu_indices(len(sets), 1)
    apart = a // VERSIONS != b // VERSIONS
    assert abs(rank_correlation(tag_distances(others)[apart], picture_distances(lists)[apart])) < 0.1


def test_prompts_of_different_tags_are_never_nearer_than_stated(sets, lists):
    a, b = np.triu_indices(len(sets), 1)
    words = [frozenset(map(prompt_word, tags)) for tags in sets]
    different = np.array([words[i] != words[j] for i, j in zip(a, b, strict=True)])
    nearest = colour_distances(lists)[different].min()
    assert nearest >= LEAST_COLOUR_DISTANCE


def test_another_form_changes_less_than_another_tag(sets, lists, sentences):
    forms = [colour_distances(pair)[0] for pair in zip(lists[::VERSIONS], sentences, strict=True)]
    tags = [colour_distances(lists[n : n + 2])[0] for n in range(0, len(lists), VERSIONS)]
    assert min(forms) > 0.5
    assert np.median(forms) < np.median(tags)


def test_both_forms_are_equally_detailed(painter):
    """Over seeds, as the seed decides which form takes which arrangement."""
    prompts = ["guitar, piano, folk, slow", "A slow folk tune unfolds on a guitar and a piano."]
    shown = np.array([[detail(image) for image in painter.paint(prompts, seed=seed).images] for seed in range(12)])
    difference = np.log(shown[:, 0] / shown[:, 1])
    assert abs(difference.mean()) < max(0.01, 2.5 * difference.std(ddof=1) / np.sqrt(len(difference)))
    assert abs(difference.mean()) < 0.05


def test_another_process_paints_the_same(painter):
    code = (
        "import hashlib; from generation.painting import SketchOptions, build_painter;"
        "p = build_painter(SketchOptions(size=64));"
        "print(hashlib.sha256(p.paint(['jazz, harmonica, happy'], seed=7).images[0].tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hashing}
        ).stdout
        for hashing in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("pair", list(itertools.combinations(("harmonica", "koto", "birds", "water"), 2)))
def test_tags_that_once_were_unknown_show(painter, pair):
    assert colour_distances(painter.paint([f"{tag}, slow" for tag in pair], seed=2).images)[0] > 2


@pytest.mark.parametrize(
    "tags",
    [
        ("french", "italian", "german"),
        ("american", "brazilian", "hawaiian", "cuban", "mexican", "spanish"),
        ("japanese", "korean", "chinese", "oriental"),
        ("marimba", "xylophone"),
        ("cymbals", "tambourine"),
        ("calm", "relaxing", "soft", "quiet"),
        ("romantic", "sensual", "beautiful", "dreamy", "hypnotic"),
    ],
)
def test_tags_of_a_kind_show_as_different(painter, tags):
    images = painter.paint([f"{tag}, piano" for tag in tags], seed=2).images
    assert colour_distances(images).min() > LEAST_COLOUR_DISTANCE
