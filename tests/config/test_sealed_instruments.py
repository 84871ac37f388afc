"""While a study with questions of its own is sealed, nothing depends on what people said of which condition."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from study.ballots.casting import Answer, cast_ballot, digest_of
from study.ballots.table import ballot_rows
from study.instruments.presets import PRESETS
from study.models import Ballot, Participant, Stimulus, Study
from study.participants.completion import finish
from study.participants.enrolment import enrol
from tests.config.test_sealed_studies import console_pages, exported
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
EVERY_KIND = {
    "questions": [
        {"kind": "choose", "key": "choice", "ranks": 3},
        {"kind": "rate", "key": "rating", "scales": [{"key": "match", "cannot_say": True}]},
        {"kind": "pick", "key": "mood", "of": "images", "options": [{"key": "joy"}, {"key": "calm"}]},
        {"kind": "text", "key": "why"},
        {"kind": "confidence", "key": "sure"},
    ]
}
WORDS = "the violin is warm"


def preferring_low_numbers(instrument: dict[str, Any]) -> Study:
    """Return an open study whose people all prefer the conditions in the order of their numbers."""
    study = make_open_study(clips=2, slug="zither", instrument=instrument, feedback=True, repeats=1)
    for number in range(4):
        person, _token = enrol(study)
        Participant.objects.filter(pk=person.pk).update(nonce=f"{number:032x}")
        for trial in person.trials.order_by("number"):
            numbers = dict(Stimulus.objects.values_list("pk", "condition__number"))
            best = sorted(range(len(trial.position_order)), key=lambda at: numbers[trial.position_order[at]])
            letters = ["ABCD"[at] for at in best]
            if len(letters) == 2:
                cast_ballot(trial, Answer(uuid4(), letters[0], seconds=20.0))
                continue
            ratings = zip(letters, ("7", "5", "2", "none"), strict=True)
            values = {f"match.{letter}": (value,) for letter, value in ratings}
            values |= {f"mood.{letter}": ("joy" if letter == letters[0] else "calm",) for letter in letters}
            values |= {"why": (WORDS,), "sure": ("4",)}
            cast_ballot(trial, Answer(uuid4(), *letters[:2], further=(letters[2],), values=values, seconds=20.0))
        finish(person)
    return study


def reverse_answers(study: Study) -> None:
    """Replace, in each ballot, the images that the trial shows by each other, the best by the worst."""
    numbers = dict(Stimulus.objects.filter(clip__study=study).values_list("pk", "condition__number"))
    keys = dict(Stimulus.objects.filter(clip__study=study).values_list("pk", "condition__key"))
    for ballot in Ballot.objects.filter(trial__participant__study=study).select_related("trial__participant"):
        shown = sorted(ballot.trial.position_order, key=lambda pk: numbers[pk])
        other = dict(zip(shown, reversed(shown), strict=True))
        ballot.first_id = other[ballot.first_id]
        ballot.second_id = other.get(ballot.second_id)
        ballot.content = {
            key: {str(other[int(image)]): said for image, said in value.items()}
            if isinstance(value, dict)
            else [other[image] for image in value]
            if isinstance(value, list)
            else value
            for key, value in ballot.content.items()
        }
        ballot.digest = digest_of(ballot, ballot.trial, keys)
        ballot.save()


def said(files: dict[str, bytes]) -> dict[tuple[str, ...], Counter[str]]:
    """What was said in each trial to each question, of whichever image."""
    found: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for row in csv.DictReader(io.StringIO(files["answers.csv"].decode())):
        found[row["participant"], row["trial"], row["question"]][row["value"]] += 1
    return found


@pytest.mark.parametrize("instrument", [EVERY_KIND, PRESETS["pairs"]], ids=["every kind", "pairs"])
def test_nothing_of_a_sealed_study_depends_on_what_was_said_of_which_condition(
    instrument: dict[str, Any], tmp_path: Path, at_one_moment: Callable[[], None]
) -> None:
    study = preferring_low_numbers(instrument)
    at_one_moment()
    pages, files = console_pages(study, study.owner), exported(study, tmp_path)
    open_table = ballot_rows(study, sealed=False)
    reverse_answers(study)
    assert ballot_rows(study, sealed=False) != open_table  # the control

    for address, page in console_pages(study, study.owner, again=pages).items():
        assert page == pages[address], address
    assert [address for address, page in pages.items() if WORDS.encode() in page.text] == []
    reversed_files = exported(study, tmp_path)
    for name in files.keys() - {"ballots.csv", "answers.csv", "SHA256SUMS"}:
        assert files[name] == reversed_files[name], name
    assert WORDS.encode() not in b"".join(files.values())
    assert said(files) == said(reversed_files)
    # All prefer one condition; no label is the first one of more people or pairs than chance lets expect.
    firsts = Counter(row["first"] for row in csv.DictReader(io.StringIO(files["ballots.csv"].decode())))
    assert max(firsts.values()) <= 0.6 * firsts.total()
