"""The long table of all answers: one row for each answer to a question of a trial and, where it is of images, image.

It has one form for every instrument. What the ballot table hides while a study is sealed is hidden here too, and the
rows of a trial are then in the order of their labels: in that of the page they would tell positions.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from study.ballots.table import StoredBallots
from study.instruments.long_rows import long_rows
from study.models import Participant, Study, StudyStage

LONG_COLUMNS = (
    "participant",
    "clip",
    "repeat",
    "trial",
    "question",
    "kind",
    "condition",
    "position",
    "value",
    "excluded",
)


def answers_by_person(
    study: Study, *, sealed: bool | None = None, after: int = -1, stages: Iterable[str] = (StudyStage.MAIN,)
) -> Iterator[tuple[Participant, list[tuple[Any, ...]]]]:
    """Each person who has ballots, by number, with the rows of their answers by trial number.

    Args:
        sealed: whether to hide conditions behind labels that differ by participant, and by pair; None hides them while
            the study is sealed.
        after: only people behind this number.
        stages: the stages whose people to include; by default the main one, which gives the results.

    Returns:
        Rows with the values of `LONG_COLUMNS`; `value` as in `long_rows`, empty for none.

    Raises:
        InstrumentRefused: what is stored as the study's instrument is none.
    """
    stored = StoredBallots(study, sealed=study.is_sealed if sealed is None else sealed)
    for person, ballots in stored.by_person(after=after, stages=stages):
        yield person, [row for ballot in ballots for row in _rows(stored, person, ballot)]


def _rows(stored: StoredBallots, person: Participant, ballot: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    clip, repeat, number, order_text, first, second, *rest = ballot
    order = stored.order(order_text)
    labels = stored.labels_of(person, order)
    names = {stimulus: stored.name(stimulus, clip, labels) for stimulus in order}
    content = stored.named(rest[-1], names) if stored.has_content else {}
    shown = sorted(names.values()) if stored.sealed else list(names.values())
    position = {} if stored.sealed else {name: place for place, name in enumerate(shown, start=1)}
    trial, excluded = (person.code, stored.clips.get(clip, ""), repeat, number), int(person.left_out)
    answers = long_rows(
        stored.instrument, content, shown=shown, first=names.get(first, ""), second=names.get(second, "")
    )
    for question, kind, image, value in answers:
        yield (*trial, question, kind, image, position.get(image, ""), "" if value is None else value, excluded)
