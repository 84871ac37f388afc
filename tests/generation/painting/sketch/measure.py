"""How far two pictures, and two tag sets, are from each other.

Both distances are stated before anything is measured, and know nothing of how the painter works.

*Tag sets*: the Jaccard distance, 1 - |A ∩ B| / |A ∪ B|, of the tags by their words in prompts (`prompt_word`), so that
spellings of one tag count as one.

*Pictures*: half colour and layout, half structure. Colour and layout: the picture as 16 × 16 mean colours in CIE Lab,
and the mean Euclidean distance of cells (ΔE 1976). Structure: in each of 8 × 8 cells a histogram of eight directions of
edges, weighted by their strength, of unit length over the picture (a HOG without block normalisation; Dalal and Triggs
2005), and the Euclidean distance. Each half is divided by its own mean over all pairs, so that neither outweighs the
other.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.stats import rankdata

from generation.redefinition.vocabulary import prompt_word

# The fifty tags on which taggers of MagnaTagATune are compared, the most frequent first, one word for each meaning.
TOP_TAGS = [
    *("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient"),
    *("beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "no vocals", "harpsichord", "loud"),
    *("quiet", "flute", "pop", "soft", "sitar", "solo", "choir", "new age", "dance", "harp", "cello", "weird"),
    *("country", "metal"),
]


def draw_tag_sets(count: int, *, seed: int) -> list[tuple[str, ...]]:
    """Different tag sets of three to eight of the top tags, frequent tags more often (weights 1 / (rank + 4)).

    A set names no word twice, and does not both deny and name a voice.
    """
    chance = random.Random(f"tag sets {seed}")
    sets: dict[frozenset[str], tuple[str, ...]] = {}
    voices = ("vocals", "female vocals", "male vocals", "choir", "opera")
    while len(sets) < count:
        words: list[str] = []
        wanted = chance.randint(3, 8)
        while len(words) < wanted:
            [tag] = chance.choices(TOP_TAGS, weights=[1 / (rank + 4) for rank in range(len(TOP_TAGS))])
            word = prompt_word(tag)
            contradicts = word in voices if "instrumental" in words else word == "instrumental" and {*voices} & {*words}
            if word not in words and not contradicts:
                words.append(word)
        sets.setdefault(frozenset(words), tuple(words))
    return list(sets.values())


def draw_clips(count: int, versions: int, *, seed: int) -> list[tuple[str, ...]]:
    """Tag sets of clips: `count` drawn sets, each followed by versions with more and more of its tags exchanged."""
    chance = random.Random(f"versions {seed}")
    sets: list[tuple[str, ...]] = []
    for tags in draw_tag_sets(count, seed=seed):
        sets.append(tags)
        for _ in range(versions - 1):
            changed = list(sets[-1])
            for _ in range(max(1, len(tags) // 4)):
                others = [word for word in dict.fromkeys(map(prompt_word, TOP_TAGS)) if word not in changed]
                changed[chance.randrange(len(changed))] = chance.choice(others)
            sets.append(tuple(changed))
    return sets


def tag_distances(sets: Sequence[Sequence[str]]) -> np.ndarray:
    """Jaccard distances of all pairs, in the order of `numpy.triu_indices`."""
    words = sorted({word for tags in sets for word in tags})
    held = np.array([[word in tags for word in words] for tags in sets], float)
    shared = held @ held.T
    sizes = held.sum(1)
    distances = 1 - shared / (sizes[:, None] + sizes[None, :] - shared)
    return distances[np.triu_indices(len(sets), 1)]


def picture_distances(images: Sequence[Image.Image]) -> np.ndarray:
    """Distances of all pairs of pictures, 1 on average, in the order of `numpy.triu_indices`."""
    layout, structure = np.array([_layout(i) for i in images]), np.array([_structure(i) for i in images])
    a, b = np.triu_indices(len(images), 1)
    colours = np.linalg.norm(layout[a] - layout[b], axis=-1).mean(-1)
    edges = np.linalg.norm(structure[a] - structure[b], axis=-1)
    return (colours / colours.mean() + edges / edges.mean()) / 2


def colour_distances(images: Sequence[Image.Image]) -> np.ndarray:
    """The layout half alone, in ΔE."""
    layout = np.array([_layout(i) for i in images])
    a, b = np.triu_indices(len(images), 1)
    return np.linalg.norm(layout[a] - layout[b], axis=-1).mean(-1)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation, ties by their mean rank."""
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def detail(image: Image.Image) -> float:
    """The mean strength of edges, 0 to 255: how much there is to see."""
    dy, dx = np.gradient(np.asarray(image.convert("L"), float))
    return float(np.hypot(dx, dy).mean())


def _layout(image: Image.Image) -> np.ndarray:
    """16 × 16 mean colours in CIE Lab (white point D65), (256, 3)."""
    small = np.asarray(image.resize((16, 16), Image.Resampling.BOX), float).reshape(-1, 3) / 255
    linear = np.where(small <= 0.04045, small / 12.92, ((small + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = linear @ to_xyz.T / (0.9505, 1.0, 1.089)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def _structure(image: Image.Image) -> np.ndarray:
    """Directions of edges in 8 × 8 cells, (512,), of unit length."""
    grey = np.asarray(image.convert("L").resize((64, 64), Image.Resampling.BOX), float)
    dy, dx = np.gradient(grey)
    direction = np.floor((np.arctan2(dy, dx) % np.pi) / np.pi * 8).astype(int) % 8
    cells = np.arange(64) // 8
    place = (cells[:, None] * 8 + cells[None, :]) * 8 + direction
    histogram = np.bincount(place.ravel(), np.hypot(dx, dy).ravel(), minlength=512)
    return histogram / np.linalg.norm(histogram)
