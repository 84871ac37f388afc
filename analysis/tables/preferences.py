"""Preference pairs for reward models: of two images of a clip, which people preferred, and how many.

A pair is derived from the study's main question, whatever its kind: an image ranked above another one that was shown,
the image chosen of a pair, the higher of one person's two ratings. Each person counts once for a pair of images: by the
first trial that compares them, so that hidden repeats do not count twice.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from django.utils.translation import gettext as _

from analysis.statistics.disclosure import SMALLEST_GROUP
from analysis.tables.study_tables import settle_people
from study.ballots.long_table import LONG_COLUMNS, answers_by_person
from study.errors import NotAllowedNow
from study.instruments.of_study import instrument_of
from study.models import Stimulus, Study

FEWEST_PEOPLE = SMALLEST_GROUP
"""Pairs that fewer people compared are left out: their weights could tell what one person answered."""

COLUMNS = {
    "clip": "file name of the clip, the music that both images were made for",
    "prompt": "the text that the chosen image was made from; null of an image that was uploaded",
    "rejected_prompt": "the same of the rejected image; conditions differ in their prompts",
    "chosen": "the chosen image: its file in the study's export",
    "rejected": "the rejected image: its file in the study's export",
    "chosen_sha256": "SHA-256 of the chosen image's file",
    "rejected_sha256": "SHA-256 of the rejected image's file",
    "chosen_condition": "how the chosen image was made",
    "rejected_condition": "how the rejected image was made",
    "weight": "preferred / (preferred + preferred_other): ties are in neither",
    "preferred": "how many people preferred the chosen image",
    "preferred_other": "how many people preferred the rejected image",
    "ties": "how many people found them equal",
    "simulated": "true if the answers come from simulated participants; such pairs are no findings",
}
_CHOSEN, _TIED = 0, 1


@dataclass(frozen=True)
class Preferences:
    """Rows with the keys of `COLUMNS`; `question`: of which they are made; `left_out`: pairs of too few people."""

    question: str
    kind: str
    rows: list[dict[str, Any]]
    people: int
    left_out: int


def image_file_name(clip_number: int, condition: str, stored_name: str) -> str:
    """The name of an image in a study's export."""
    return f"images/{clip_number:03d}-{condition}.{stored_name.rpartition('.')[2]}"


def preferences_of(study: Study) -> Preferences:
    """Count who preferred which image, over the people of the main stage who are not excluded.

    Two images have a row for each side that somebody preferred, chosen and rejected changing places; the weights of
    both add up to 1.

    Raises:
        NotAllowedNow: the study is sealed, asks nothing that compares images, or no pair was compared by enough people.
        InstrumentRefused: what is stored as the study's instrument is none.
    """
    if study.is_sealed:
        raise NotAllowedNow(_("The results are sealed until the study is closed and its grace period is over."))
    question = instrument_of(study).primary_key
    if not question:
        raise NotAllowedNow(_("There are no preference pairs: no question of this study compares images."))
    counts: Counter[tuple[str, str, str, int]] = Counter()
    people, kind = 0, ""
    settle_people(study)
    for person, rows in answers_by_person(study, sealed=False):
        if person.left_out:
            continue
        found, kind_of_rows = _of_person(rows, question)
        counts.update(found)
        people += bool(found)
        kind = kind_of_rows or kind
    made, left_out = _rows(study, counts)
    if not made:
        raise NotAllowedNow(
            _("There are no preference pairs yet: no two images of a clip were compared by %(n)d people or more.")
            % {"n": FEWEST_PEOPLE}
        )
    return Preferences(question, kind, made, people, left_out)


def _of_person(rows: list[tuple[Any, ...]], question: str) -> tuple[list[tuple[str, str, str, int]], str]:
    """What a person preferred: clip, one condition, the other, and whether it was chosen or tied with the other."""
    seen: set[tuple[str, str, str]] = set()
    found, kind = [], ""
    asked = [dict(zip(LONG_COLUMNS, row, strict=True)) for row in rows]
    of_question = [row for row in asked if row["question"] == question]
    for _trial, group in groupby(of_question, key=lambda row: (row["clip"], row["repeat"], row["trial"])):
        answers = {row["condition"]: row for row in group}
        for one, other in combinations(sorted(answers), 2):
            kind = answers[one]["kind"]
            better = compare(kind, answers[one]["value"], answers[other]["value"])
            pair = (answers[one]["clip"], one, other)
            if better is None or pair in seen:
                continue
            seen.add(pair)
            clip = pair[0]
            found.append(
                (clip, other, one, _CHOSEN) if better < 0 else (clip, one, other, _CHOSEN if better else _TIED)
            )
    return found, kind


def compare(kind: str, one: Any, other: Any) -> int | None:
    """1 if the first of two images was preferred, -1 if the second, 0 if neither; None if that is not known.

    Of images that were shown and not chosen, it is not known which is better; nor is it of "cannot say".
    """
    if kind == "choose":
        if one == other:  # neither was chosen: two images never have one rank
            return None
        return 1 if other == "" or (one != "" and one < other) else -1
    if one == "" or other == "":
        return None
    return int(one > other) - int(one < other)


def _rows(study: Study, counts: Mapping[tuple[str, str, str, int], int]) -> tuple[list[dict[str, Any]], int]:
    """The rows in the order of clips and conditions, and how many pairs too few people compared."""
    stored = Stimulus.objects.filter(clip__study=study).select_related("clip", "condition")
    stored = stored.order_by("clip__number", "condition__number")
    images = {(image.clip.name, image.condition.key): image for image in stored}
    place = {key: number for number, key in enumerate(images)}
    pairs = {tuple(sorted((place[clip, a], place[clip, b]))) for clip, a, b, _how in counts}
    names = [*images]
    rows: list[dict[str, Any]] = []
    left_out = 0
    for first, second in ((names[low], names[high]) for low, high in sorted(pairs)):
        (clip, one), other = first, second[1]
        for_one, for_other = counts.get((clip, one, other, _CHOSEN), 0), counts.get((clip, other, one, _CHOSEN), 0)
        ties = counts.get((clip, one, other, _TIED), 0) + counts.get((clip, other, one, _TIED), 0)
        if for_one + for_other + ties < FEWEST_PEOPLE:
            left_out += 1
            continue
        sides = ((first, second, for_one, for_other), (second, first, for_other, for_one))
        for chosen, rejected, preferred, against in sides:
            if preferred:
                row = _row(images[chosen], images[rejected], preferred, against)
                rows.append(row | {"ties": ties, "simulated": study.simulated})
    return rows, left_out


def _row(chosen: Stimulus, rejected: Stimulus, preferred: int, other: int) -> dict[str, Any]:
    return {
        "clip": chosen.clip.name,
        "prompt": chosen.provenance.get("prompt"),
        "rejected_prompt": rejected.provenance.get("prompt"),
        "chosen": image_file_name(chosen.clip.number, chosen.condition.key, str(chosen.image.name)),
        "rejected": image_file_name(rejected.clip.number, rejected.condition.key, str(rejected.image.name)),
        "chosen_sha256": chosen.image_digest,
        "rejected_sha256": rejected.image_digest,
        "chosen_condition": chosen.condition.key,
        "rejected_condition": rejected.condition.key,
        "weight": preferred / (preferred + other),
        "preferred": preferred,
        "preferred_other": other,
    }
