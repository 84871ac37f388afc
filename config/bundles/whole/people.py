"""The people of a closed study, a line each, with their trials and ballots."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max, Min

from study.ballots.commitments import ENDED, FINISHED, fixed_commitments
from study.ballots.receipts import public_half
from study.ballots.table import in_batches, kinds_of
from study.coarse_times import hour_text, whole_seconds
from study.instruments.content import named_content
from study.instruments.of_study import is_classic, ranked_key
from study.models import Ballot, Event, LateAnswer, Participant, Stimulus, Study, StudyStage, Trial

# An image as it is named here: the number of its clip, and that of its condition.
Image = list[int]
# A ballot's content as it is written, with its key; nothing of an empty one.
Named = Callable[[Mapping[str, Any]], dict[str, Any]]


def people_lines(study: Study) -> Iterator[dict[str, Any]]:
    """Yield the people who give the results, by number; of pilots and people who withdrew only that they were there.

    Of which stage and version somebody is follows from their number and the log, so it tells no more of who withdrew.
    """
    stimuli = Stimulus.objects.filter(clip__study=study).values_list("pk", "clip__number", "condition__number")
    images = {pk: [clip, condition] for pk, clip, condition in stimuli}
    clips, named = dict(study.clips.values_list("pk", "number")), _named_by(study, images)
    entries = study.log.filter(action__in=(FINISHED, ENDED)).only("study", "number", "action", "data", "erased")
    fixed = fixed_commitments(entries.iterator())
    for batch in in_batches(study.participants.filter(kind__in=(*kinds_of(study), Participant.Kind.PILOT))):
        whole = [person for person in batch if _is_whole(study, person)]
        trials = _trials(whole, clips, images, named)
        for person in batch:
            line = {"number": person.number, "kind": person.kind, "status": person.status}
            if person.kind in kinds_of(study):
                line |= _parts(person)
            if person in whole:
                bound = fixed.get(person.code)
                half = public_half(bound[-1].commitment) if bound and person.receipt else ""
                line |= _facts(person) | {"receipt_half": half, "trials": trials[person.pk]}
            yield line


def _is_whole(study: Study, person: Participant) -> bool:
    return person.kind in kinds_of(study) and person.status != Participant.Status.WITHDRAWN


def _parts(person: Participant) -> dict[str, Any]:
    """Stage and version; absent of the main stage and the first version, as before there were others."""
    stage = {} if person.stage == StudyStage.MAIN else {"stage": person.stage}
    return stage | ({} if person.study_version == 1 else {"study_version": person.study_version})


def _facts(person: Participant) -> dict[str, Any]:
    names = ("language", "consent_version", "slot", "settings_digest", "answers", "flags", "excluded")
    times = ("created_at", "consented_at", "completed_at", "last_answer_at")
    return {name: getattr(person, name) for name in (*names, "exclusion_reason", "rule_exclusions", "nonce")} | {
        name: hour_text(getattr(person, name)) for name in times
    }


def _trials(
    people: Iterable[Participant], clips: Mapping[int, int], images: Mapping[int, Image], named: Named
) -> dict[int, list[dict[str, Any]]]:
    """Return the trials of each person by number."""
    pks = [person.pk for person in people]
    ballots = {row.trial_id: row for row in Ballot.objects.filter(trial__participant__in=pks)}
    late: dict[int, list[LateAnswer]] = defaultdict(list)
    for answer in LateAnswer.objects.filter(trial__participant__in=pks).order_by("received_at", "pk"):
        late[answer.trial_id].append(answer)
    events = Event.objects.filter(participant__in=pks, trial__isnull=False).order_by()
    seen = {row["trial"]: row for row in events.values("trial").annotate(first=Min("at"), last=Max("at"))}
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for trial in Trial.objects.filter(participant__in=pks).order_by("participant", "number"):
        span = seen.get(trial.pk)
        line = {
            "number": trial.number,
            "kind": trial.kind,
            "clip": clips[trial.clip_id],
            "repeat": trial.repeat,
            **({"part": trial.part} if trial.part else {}),
            "order": [images[pk] for pk in trial.position_order],
            "expected": trial.expected,
            "page_sent_at": hour_text(trial.page_sent_at),
            "sound_sent_after": _after(trial, trial.sound_sent_at),
            "images_sent": trial.images_sent,
            "events_after": [_after(trial, span[name]) for name in ("first", "last")] if span else [],
            "late": [_late(answer, images, named) for answer in late[trial.pk]],
        }
        if (ballot := ballots.get(trial.pk)) is not None:
            line["ballot"] = _ballot(trial, ballot, images, named)
        found[trial.participant_id].append(line)
    return found


def _after(trial: Trial, at: datetime | None) -> int | None:
    """Seconds after the trial's page was sent; None if either is not known."""
    if at is None or trial.page_sent_at is None:
        return None
    return round((at - trial.page_sent_at).total_seconds())


def _seconds(value: float | None) -> int | None:
    return None if value is None else int(whole_seconds(value))


def _ballot(trial: Trial, ballot: Ballot, images: Mapping[int, Image], named: Named) -> dict[str, Any]:
    names = ("none_fits", "reason", "knows_piece", "nonce", "digest")
    return {name: getattr(ballot, name) for name in names} | {
        "first": images.get(ballot.first_id or 0),
        "second": images.get(ballot.second_id or 0),
        "answered_at": hour_text(ballot.answered_at),
        "received_after": _after(trial, ballot.received_at),
        "seconds": _seconds(ballot.seconds),
        "listened_seconds": _seconds(ballot.listened_seconds),
        **named(ballot.content),
    }


def _named_by(study: Study, images: Mapping[int, Image]) -> Named:
    """Return how the answers to further questions come along: their images by clip and condition, as in "3.1"."""
    if is_classic(study):
        return lambda content: {}
    names, ranked = {pk: ".".join(map(str, image)) for pk, image in images.items()}, ranked_key(study)
    return lambda content: {"content": named_content(content, names, ranked)} if content else {}


def _late(answer: LateAnswer, images: Mapping[int, Image], named: Named) -> dict[str, Any]:
    content = answer.content
    return {
        "first": images.get(content["first_id"] or 0),
        "second": images.get(content["second_id"] or 0),
        "none_fits": bool(content["none_fits"]),
        "answered_at": hour_text(answer.answered_at),
        "received_at": hour_text(answer.received_at),
        **named(content.get("content", {})),
    }
