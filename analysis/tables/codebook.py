"""The meaning of each column of the ballot table and of the long table, as the study's questions give it."""

from collections.abc import Iterator

from django.utils import translation

from analysis.tables.participant_table import joined_columns, meaning_of, values_of
from study.ballots.table import CONTENT
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.questions import Instrument, Rate, localized
from study.models import Study
from study.tables.spreadsheet import csv_text

CODEBOOK = {
    "participant": "code of the person: r real, s simulated, and a number",
    "clip": "file name of the clip",
    "first": "condition of the 1st choice; empty if none fitted",
    "second": "condition of the 2nd choice; empty if none was made",
    "repeat": "0 the first showing of the clip to this person, 1 its hidden repeat",
    "trial": "number of the trial for this person, from 1",
    "position_first": "position of the 1st choice on the page, from 1 (A)",
    "position_second": "position of the 2nd choice on the page, from 1 (A)",
    "excluded": "1 if the person is excluded from the analysis, by a rule of the plan or by hand",
    "none_fits": "1 if the person answered that none of the images fits",
    "order": "conditions by position, A first",
    "answered_at": "the hour in which the answer was given (ISO 8601, UTC)",
    "seconds": "whole seconds from the showing of the page to the answer",
    "listened_seconds": "how much of the clip was heard, in whole seconds",
    "reason": "the person's own words, if asked",
    "knows_piece": "1 knows the piece, 0 does not, empty if not asked",
    "flags": "quality flags of the person, separated by semicolons",
    "nonce": "random number that the digest covers",
    "digest": "SHA-256 over nonce and ballot, see study/ballots/receipts.py",
}

CONTENT_MEANING = (
    "answers to the further questions of a trial, as JSON: by question or scale, images by their conditions; null: "
    "cannot say"
)
LONG_CODEBOOK = {
    "participant": "code of the person, as in ballots.csv",
    "clip": "file name of the clip",
    "repeat": "0 the first showing of the clip to this person, 1 its hidden repeat",
    "trial": "number of the trial for this person, from 1",
    "question": "key of the question or of the scale",
    "kind": "choose, pair, rate, pick, text or confidence",
    "condition": "condition of the image that the answer is about; empty if it is about no image",
    "position": "position of that image on the page, from 1 (A)",
    "value": "choose: the rank, empty for an image not chosen; pair: 1 chosen, 0.5 tie, 0 not chosen; rate: the "
    "number, empty for cannot say; pick: the categories, separated by semicolons; text: the words; confidence: the "
    "number",
    "excluded": "1 if the person is excluded from the analysis, by a rule of the plan or by hand",
}


_REPEAT_OF_PAIR = "0 the first showing of these two images to this person, 1 their hidden repeat"
_NOT_OFFERED = "0: the questions do not offer that none of the images fits"


def ballot_meanings(study: Study) -> dict[str, str]:
    """Return `CODEBOOK` with what its columns mean under the study's questions; not all choose two images."""
    if is_classic(study):
        return CODEBOOK
    instrument = instrument_of(study)
    if instrument.choose is not None:
        own = {} if instrument.choose.ranks > 1 else _of_one_image("image chosen", "none fitted", "one image is chosen")
    elif instrument.pair is not None:
        own = _of_one_image("better image", "both fitted equally well", "one image of a pair is chosen")
        own |= {"repeat": _REPEAT_OF_PAIR, "none_fits": _NOT_OFFERED}
    else:
        own = dict.fromkeys(
            ("first", "second", "position_first", "position_second"), "always empty: the questions choose no image"
        )
        own |= {"none_fits": _NOT_OFFERED}
    return CODEBOOK | own


def _of_one_image(name: str, otherwise: str, why: str) -> dict[str, str]:
    none = f"always empty: {why}"
    return {
        "first": f"condition of the {name}; empty if {otherwise}",
        "second": none,
        "position_first": f"position of the {name} on the page, from 1 (A)",
        "position_second": none,
    }


def long_meanings(study: Study) -> dict[str, str]:
    """Return `LONG_CODEBOOK` with what its columns mean under the study's questions."""
    return LONG_CODEBOOK | ({"repeat": _REPEAT_OF_PAIR} if instrument_of(study).pair is not None else {})


def answers_codebook_csv(study: Study) -> bytes:
    """One row for each column of the long table of answers, with its meaning, and for each of its questions, as CSV."""
    with translation.override("en"):
        questions = [(f"question {key}", text) for key, text in questions_in_words(instrument_of(study))]
    return csv_text([("column", "meaning"), *long_meanings(study).items(), *questions]).encode()


def questions_in_words(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Each key of a long table's column `question`, with what was asked and its answers, in the active language."""
    for question in instrument.questions:
        if not isinstance(question, Rate):
            options = [f"{one.key} = {localized(one.text)}" for one in getattr(question, "options", ())]
            yield question.key, "; ".join(filter(None, [localized(question.text), *options]))
            continue
        for scale in question.scales:
            low, high = localized(scale.low), localized(scale.high)
            ends = f"{scale.lowest} = {low or 'lowest'}, {scale.highest} = {high or 'highest'}"
            yield scale.key, "; ".join(filter(None, [localized(scale.text) or localized(question.text), ends]))


def codebook_csv(study: Study) -> bytes:
    """One row for each column of the study's ballot table, with its meaning, as UTF-8 CSV."""
    answers = ((column.name, f"{meaning_of(column)} ({values_of(column)})") for column in joined_columns(study))
    further = {} if is_classic(study) else {CONTENT: CONTENT_MEANING}
    return csv_text([("column", "meaning"), *ballot_meanings(study).items(), *further.items(), *answers]).encode()
