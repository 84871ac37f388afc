"""Letting people in: one verb, `enrol`, which gives a person a slot of the balanced plan and their trials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from study.design import LETTERS, Design, PlannedTrial, draw_plan, draw_practice, next_slot
from study.design.slots import ACTIVE_MINUTES
from study.errors import NotAllowedNow
from study.models import Clip, InviteLink, Participant, Stimulus, Study, Trial
from study.participants.tokens import new_token, token_hash


def design_of(study: Study, kind: str, clips: int | None = None) -> Design:
    """The study's design for people of one kind; `clips` is their number, where it is known."""
    return Design(
        seed=study.seed,
        clips=main_clips(study).count() if clips is None else clips,
        conditions=study.conditions.count(),
        kind=kind,
        each=study.trials_per_participant,
        repeats=study.repeats,
        match_controls=study.match_controls,
        attention_trials=study.attention_trials,
    )


def main_clips(study: Study) -> QuerySet[Clip]:
    """The clips that are judged, in the order of their numbers: the plan's clip 0, 1, …; their tags and outlines,
    which make most of a clip, only where they are looked at."""
    clips = study.clips.filter(included=True, is_practice=False).order_by("number")
    return clips.defer("imported_tags", "outline")


def kind_for(study: Study, link: InviteLink | None) -> str:
    """What kind of person comes by this link into this study."""
    if link is not None and link.kind != Participant.Kind.REAL:
        return link.kind
    return Participant.Kind.SIMULATED if study.simulated else Participant.Kind.REAL


def check_open_to(study: Study, link: InviteLink | None) -> None:
    """Says whether somebody new may come in by this link now.

    Raises:
        NotAllowedNow: the study takes nobody new, or the link or the study is full.
    """
    pilot = link is not None and link.kind == Participant.Kind.PILOT
    if pilot and study.status != Study.Status.CLOSED:
        pass
    elif study.status != Study.Status.OPEN:
        raise NotAllowedNow(_("This study takes no new participants now."))
    if link is not None and link.participant_set.count() >= link.cap:
        raise NotAllowedNow(_("This link has been used by as many people as it was made for."))
    wanted = study.target_participants if study.stop_at_target and not pilot else None
    if wanted and holding(study, kind_for(study, link)).count() >= wanted:
        raise NotAllowedNow(_("This study has all the participants it needs. Thank you for coming."))


def holding(study: Study, kind: str, now: datetime | None = None) -> Any:
    """The people who hold a slot: complete, all answered, or active within the last minutes."""
    since = (now or timezone.now()) - timedelta(minutes=ACTIVE_MINUTES)
    waiting = Trial.objects.filter(participant=OuterRef("pk"), ballot__isnull=True)
    return (
        study.participants.filter(kind=kind, slot__isnull=False)
        .exclude(status__in=(Participant.Status.WITHDRAWN, Participant.Status.SCREENED_OUT))
        .filter(Q(status=Participant.Status.COMPLETED) | Q(last_seen_at__gte=since) | ~Exists(waiting))
    )


def person_with(token: str, study: Study) -> Participant | None:
    """Who has this token in the study."""
    return Participant.objects.filter(token_hash=token_hash(token), study=study).first()


def lock_study(study: Study) -> Study:
    """Holds the study's row until the transaction ends, so that two arrivals take turns."""
    return Study.objects.select_for_update().get(pk=study.pk)


@dataclass(frozen=True)
class _Ground:
    """What trials are drawn from: the same for everybody who comes."""

    design: Design
    clips: list[Clip]
    stimuli: dict[int, list[int]]  # of each clip, in the order of the conditions
    practice: Clip | None


def _ground(study: Study, kind: str) -> _Ground:
    clips = list(main_clips(study))
    design = design_of(study, kind, len(clips))
    return _Ground(design, clips, _stimuli_by_clip(study), practice_clip(study))


def enrol(
    study: Study,
    *,
    token: str | None = None,
    link: InviteLink | None = None,
    language: str = "en",
    recruitment: dict[str, str] | None = None,
    bot: bool = False,
    now: datetime | None = None,
) -> tuple[Participant, str]:
    """Gives a person a slot and their trials; the same token again gives the same person.

    Returns:
        The participant and the token, which is stored nowhere.

    Raises:
        NotAllowedNow: the study takes nobody new, or the link or the study is full.
    """
    token = token or new_token()
    kind = Participant.Kind.BOT if bot else kind_for(study, link)
    # Read before the study's row is held: people who arrive together wait for each other from there on.
    ground, plan = _ground(study, kind), study.plan_digest
    with transaction.atomic():
        study = lock_study(study)
        if study.plan_digest != plan:  # opened in between
            ground = _ground(study, kind)
        known = person_with(token, study)
        if known is not None:  # sent twice, or the other tab was faster
            return known, token
        check_open_to(study, link)
        now = now or timezone.now()
        people = study.participants.filter(kind=kind)
        participant = Participant.objects.create(
            study=study,
            kind=kind,
            number=(people.aggregate(last=Max("number"))["last"] or 0) + 1,
            token_hash=token_hash(token),
            invite_link=link,
            recruitment=recruitment or {},
            language=language,
            slot=next_slot(holding(study, kind, now).values_list("slot", flat=True)),
            settings_digest=study.plan_digest,
            created_at=now,
            last_seen_at=now,
        )
        Trial.objects.bulk_create(_trials(participant, ground))
    return participant, token


def _trials(participant: Participant, ground: _Ground) -> list[Trial]:
    assert participant.slot is not None
    trials = [
        _trial(participant, number, plan, ground)
        for number, plan in enumerate(draw_plan(ground.design, participant.slot), start=1)
    ]
    if ground.practice is not None:
        order = draw_practice(ground.design, participant.slot)
        trials.insert(
            0,
            Trial(
                participant=participant,
                clip=ground.practice,
                number=0,
                kind=Trial.Kind.PRACTICE,
                position_order=[ground.stimuli[ground.practice.pk][index] for index in order],
            ),
        )
    return trials


def practice_clip(study: Study) -> Any:
    """The clip of the practice trial, where the study wants one and has one."""
    if not study.practice_trial:
        return None
    return study.clips.filter(included=True, is_practice=True).order_by("number").first()


def _stimuli_by_clip(study: Study) -> dict[int, list[int]]:
    """Stimulus ids of each clip, in the order of the conditions."""
    by_clip: dict[int, list[int]] = {}
    rows = Stimulus.objects.filter(clip__study=study, clip__included=True).order_by("condition__number")
    for pk, clip in rows.values_list("pk", "clip_id"):
        by_clip.setdefault(clip, []).append(pk)
    return by_clip


def _trial(participant: Participant, number: int, plan: PlannedTrial, ground: _Ground) -> Trial:
    expected = None
    if plan.expected is not None:
        expected = {"first": LETTERS[plan.expected[0]], "second": LETTERS[plan.expected[1]]}
    return Trial(
        participant=participant,
        clip=ground.clips[plan.clip],
        number=number,
        kind=plan.kind,
        repeat=plan.repeat,
        position_order=[ground.stimuli[ground.clips[clip].pk][condition] for clip, condition in plan.images],
        expected=expected,
    )


def touch(participant: Participant) -> None:
    """Notes that the person is still there."""
    Participant.objects.filter(pk=participant.pk).update(last_seen_at=timezone.now())
