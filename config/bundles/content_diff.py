"""Compare the answers to further questions in an export of a sealed study with those in a later, unsealed one.

The older one names images by labels, shuffled for each person, of pairs for each pair. The answers are the same if some
naming of the labels turns all of them into those of the newer one: if the labels and the conditions have the same
signatures, each the list of all that the person said of it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, str]


def ranked_key_in(study: Mapping[str, Any]) -> str:
    """Return the key under which contents list the images chosen after the second, by what study.json says."""
    instrument = study.get("instrument") or {}
    return next((str(one["key"]) for one in instrument.get("questions", ()) if one.get("kind") == "choose"), "")


def words_in(study: Mapping[str, Any]) -> set[str]:
    """Return the keys of the answers in words, which a sealed export leaves out."""
    instrument = study.get("instrument") or {}
    return {str(one["key"]) for one in instrument.get("questions", ()) if one.get("kind") == "text"}


def has_pairs(study: Mapping[str, Any]) -> bool:
    """Whether people compare two images, so that labels hold for a trial only, by what study.json says."""
    return any(one.get("kind") == "pair" for one in (study.get("instrument") or {}).get("questions", ()))


def is_same_but_for_names(pairs: Iterable[tuple[Row, Row]], *, ranked: str, words: set[str]) -> bool:
    """Return whether a person's older rows of ballots become the newer ones by naming each label one condition.

    Args:
        pairs: the person's rows, older and newer, of each trial in which a label means the same.
        ranked: the key under which a content lists images.
        words: the keys that the older rows leave out.
    """
    said: tuple[dict[str, list[str]], dict[str, list[str]]] = (defaultdict(list), defaultdict(list))
    for place, (older, newer) in enumerate(pairs):
        rest = []
        for row, of_image in zip((older, newer), said, strict=True):
            content = json.loads(row.get("content") or "{}")
            images, others = _of_images(row, content, ranked, words)
            for image, what in images:
                of_image[image].append(f"{place} {what}")
            rest.append(others)
        if rest[0] != rest[1]:
            return False
    older_said, newer_said = (sorted(sorted(all_said) for all_said in of_image.values()) for of_image in said)
    return older_said == newer_said


def _of_images(
    row: Row, content: Mapping[str, Any], ranked: str, words: set[str]
) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Return what a row says of each image, and what it says of none."""
    images = [(row[rank], rank) for rank in ("first", "second") if row.get(rank)]
    others = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            images += [(image, f"{key} {json.dumps(given)}") for image, given in value.items()]
        elif key == ranked and isinstance(value, list):
            images += [(str(image), f"{key} {rank}") for rank, image in enumerate(value)]
        elif key not in words:
            others[key] = value
    return images, others
