"""The rows of people, their trials and their ballots."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in.contents import Contents, Images
from config.bundles.taking_in.people_format import BallotLine, LateLine, PersonLine, TrialLine
from config.bundles.taking_in.rows import ensure_storable
from config.bundles.taking_in.shapes import first_fault
from config.bundles.whole import PEOPLE
from study.models import Ballot, Event, LateAnswer, Participant, Study, Trial
from study.opaque_tokens import new_submission_key, new_token
from study.participants.tokens import token_hash

_AT_ONCE = 50  # people, whose lines may have a megabyte each

# Clips by their number.
Clips = Mapping[int, int]


def people_in(bundle: Bundle) -> Iterator[tuple[str, PersonLine]]:
    """Yield each person with their place in the bundle.

    Raises:
        Unreadable: a line is not what an export holds there.
    """
    for number, data in enumerate(bundle.json_lines(PEOPLE), start=1):
        where = f"{PEOPLE}, line {number}"
        ensure_storable(data, where)
        try:
            yield where, PersonLine.model_validate(data)
        except ValidationError as error:
            raise Unreadable(f"{where}: {first_fault(error)}.") from error


def add_people(study: Study, bundle: Bundle, clips: Clips, images: Images) -> None:
    """Add everybody. Their links are unknown here, and of their receipts the public half alone is.

    Raises:
        Unreadable: a line is not what an export holds there.
    """
    lines, contents = people_in(bundle), Contents(study, images)
    while batch := list(islice(lines, _AT_ONCE)):
        people = Participant.objects.bulk_create([_person(study, line) for _where, line in batch])
        _add_trials(list(zip(batch, people, strict=True)), clips, contents)


def _person(study: Study, line: PersonLine) -> Participant:
    answered = [trial for trial in line.trials if trial.ballot is not None and trial.kind != Trial.Kind.PRACTICE]
    facts = line.model_dump(exclude={"trials", "receipt_half", "created_at"})
    began = line.created_at or study.created_at
    return Participant(
        study=study,
        **facts,
        receipt=line.receipt_half,
        created_at=began,
        last_seen_at=line.last_answer_at or line.completed_at or began,
        answered=len(answered),
        main_answered=sum(trial.kind == Trial.Kind.MAIN for trial in answered),
        judged_at=timezone.now(),  # flags stay as they were judged, with all that only the first server saw
        token_hash=token_hash(new_token()),  # of a token that nobody has
    )


def _add_trials(people: list[tuple[tuple[str, PersonLine], Participant]], clips: Clips, contents: Contents) -> None:
    lines: list[TrialLine] = []
    rows: list[Trial] = []
    for (where, line), person in people:
        for trial in line.trials:
            lines.append(trial)
            rows.append(_trial(f"{where}, trial {trial.number}", person, trial, clips, contents))
    Trial.objects.bulk_create(rows, batch_size=2000)
    ballots: list[Ballot] = []
    late: list[LateAnswer] = []
    events: list[Event] = []
    for shown, row in zip(lines, rows, strict=True):
        if shown.ballot is not None:
            ballots.append(_ballot(row, shown.ballot, contents))
        late += [_late(row, answer, contents) for answer in shown.late]
        page = row.page_sent_at
        if page is not None:
            times = sorted({page + timedelta(seconds=after) for after in shown.events_after})
            events += [Event(participant_id=row.participant_id, trial=row, kind="seen", at=at) for at in times]
    Ballot.objects.bulk_create(ballots, batch_size=2000)
    LateAnswer.objects.bulk_create(late, batch_size=2000)
    Event.objects.bulk_create(events, batch_size=2000)


def _trial(where: str, person: Participant, line: TrialLine, clips: Clips, contents: Contents) -> Trial:
    images = contents.images
    unknown = [image for image in line.order if image not in images]
    answers = [answer for answer in (line.ballot, *line.late) if answer is not None]
    chosen = [image for answer in answers for image in (answer.first, answer.second) if image is not None]
    if line.clip not in clips or unknown or any(image not in images for image in chosen):
        raise Unreadable(f"{where}: a clip or an image of it is none of the study's.")
    for answer in answers:
        if fault := contents.fault(line, answer):
            raise Unreadable(f"{where}: its answer is none that can be given: {fault}.")
    page = line.page_sent_at
    return Trial(
        participant=person,
        clip_id=clips[line.clip],
        number=line.number,
        kind=line.kind,
        repeat=line.repeat,
        part=line.part,
        position_order=[images[image] for image in line.order],
        page_sent_at=page,
        sound_sent_at=_later(page, line.sound_sent_after),
        images_sent=line.images_sent,
        expected=line.expected,
    )


def _later(page: datetime | None, seconds: int | None) -> datetime | None:
    return None if page is None or seconds is None else page + timedelta(seconds=seconds)


def _chosen(answer: BallotLine | LateLine, contents: Contents) -> dict[str, Any]:
    return {
        "first_id": None if answer.first is None else contents.images[answer.first],
        "second_id": None if answer.second is None else contents.images[answer.second],
        "none_fits": answer.none_fits,
        **({"content": contents.stored(answer.content)} if answer.content else {}),
    }


def _ballot(trial: Trial, line: BallotLine, contents: Contents) -> Ballot:
    names = ("reason", "knows_piece", "answered_at", "seconds", "listened_seconds", "nonce", "digest")
    return Ballot(
        trial=trial,
        **_chosen(line, contents),
        **{name: getattr(line, name) for name in names},
        received_at=_later(trial.page_sent_at, line.received_after) or line.answered_at,
    )


def _late(trial: Trial, line: LateLine, contents: Contents) -> LateAnswer:
    return LateAnswer(
        trial=trial,
        content=_chosen(line, contents),
        submission_key=new_submission_key(),
        answered_at=line.answered_at,
        received_at=line.received_at,
    )
