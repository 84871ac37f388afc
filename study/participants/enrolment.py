"""Enrolment: `enrol` gives a new participant a slot of the balanced plan and the trials of that slot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots.clip_answers import begin_counts
from study.ballots.table import counted_kind, kinds_of
from study.design import Design, PlannedTrial, draw_plan, draw_practice, next_slot
from study.design.slots import ACTIVE_MINUTES
from study.errors import NotAllowedNow
from study.models import Clip, InviteLink, Participant, Stimulus, Study, StudyStage, Trial
from study.models.participants import CAME_AGAIN
from study.opaque_tokens import new_token
from study.participants.asked_of_design import asked_of_design
from study.participants.attention import expected_answer
from study.participants.recruiting import Arrival
from study.participants.server_record import records_what_is_sent
from study.participants.tokens import token_hash
from study.participants.visits import enter, leave_out, participant_digest, support_code


def design_of(study: Study, kind: str, clips: int | None = None, stage: str = StudyStage.MAIN) -> Design:
    """The study's design for participants of one kind and stage, whose orders are balanced among themselves.

    `clips` is the number of clips, if it has been read already.
    """
    conditions = study.conditions.count()
    asked = asked_of_design(study, conditions)
    return Design(
        seed=study.seed,
        clips=main_clips(study).count() if clips is None else clips,
        conditions=conditions,
        # The name of the random streams: that of the main stage has always been the kind alone.
        kind=kind if stage == StudyStage.MAIN else f"{kind} {stage}",
        each=study.trials_per_participant,
        repeats=study.repeats,
        match_controls=study.match_controls if asked.can_match else 0,
        attention_trials=study.attention_trials if asked.can_test_attention else 0,
        version=study.orders_version,
        pairs_per_clip=asked.pairs_per_clip,
        named=asked.named,
        scale=asked.answers,
    )


def main_clips(study: Study) -> QuerySet[Clip]:
    """The clips that are judged, by number: clip 0, 1, … of the plan. The large columns are deferred."""
    clips = study.clips.filter(included=True, is_practice=False).order_by("number")
    return clips.defer("imported_tags", "outline", "file_outline")


def kind_for(link: InviteLink | None) -> str:
    """The kind of participant that this link enrols."""
    return Participant.Kind.REAL if link is None else link.kind


def stage_for(study: Study, kind: str) -> str:
    """The stage that a new participant of this kind enters: only those who count for something are of a stage."""
    return study.stage if kind == counted_kind(study) else StudyStage.MAIN


def check_open_to(study: Study, link: InviteLink | None) -> None:
    """Check that a new participant may enter by this link now.

    Raises:
        NotAllowedNow: the study takes no new participants, or the link or the study is full.
    """
    pilot = link is not None and link.kind == Participant.Kind.PILOT
    takes_new = study.status == Study.Status.OPEN or (pilot and study.status != Study.Status.CLOSED)
    if not takes_new:
        raise NotAllowedNow(_("This study takes no new participants now."))
    if study.simulated and kind_for(link) == Participant.Kind.REAL:
        raise NotAllowedNow(_("This is a rehearsal that simulated participants answer; nobody can take part in it."))
    if link is not None and link.stage and link.stage != study.stage:
        raise NotAllowedNow(_("This link is for a part of the study that is not open now."))
    if link is not None and link.participant_set.count() + link.withdrawn >= link.cap:
        raise NotAllowedNow(_("This link has already been used by the number of people that it is for."))
    target = study.stage_target if study.stop_at_target and not pilot else None
    kind = kind_for(link)
    if target and slot_holders(study, kind, stage_for(study, kind)).count() >= target:
        raise NotAllowedNow(_("This study has all the participants it needs. Thank you for coming."))


def slot_holders(
    study: Study, kind: str, stage: str = StudyStage.MAIN, now: datetime | None = None
) -> QuerySet[Participant]:
    """The participants who hold a slot: those of one kind and stage who are still there."""
    return still_there(study.participants.filter(kind=kind, stage=stage, slot__isnull=False), now)


def still_there(people: QuerySet[Participant], now: datetime | None = None) -> QuerySet[Participant]:
    """Those who have completed, answered all trials, or were active within the last `ACTIVE_MINUTES`.

    Without those who came under an id that had been used before: they take no place of anybody.
    """
    since = (now or timezone.now()) - timedelta(minutes=ACTIVE_MINUTES)
    unanswered = Trial.objects.filter(participant=OuterRef("pk"), ballot__isnull=True)
    people = people.exclude(CAME_AGAIN)
    return people.exclude(status__in=(Participant.Status.WITHDRAWN, Participant.Status.SCREENED_OUT)).filter(
        Q(status=Participant.Status.COMPLETED) | Q(last_seen_at__gte=since) | ~Exists(unanswered)
    )


def participant_with_token(token: str, study: Study) -> Participant | None:
    """The study's participant with this token, or None."""
    return Participant.objects.filter(token_hash=token_hash(token), study=study).first()


def lock_study(study: Study) -> Study:
    """Lock the study's row until the transaction ends, so that two arrivals cannot take the same slot."""
    return Study.objects.select_for_update().get(pk=study.pk)


@dataclass(frozen=True)
class TrialMaterial:
    """Design, clips and stimuli from which each participant's trials are drawn; the same for all participants."""

    design: Design
    clips: list[Clip]
    stimuli: dict[int, list[int]]  # stimulus ids by clip id, in the order of the conditions
    practice: Clip | None
    attention_scale: str  # its key, if attention trials ask for an answer on a scale


def load_trial_material(study: Study, kind: str) -> TrialMaterial:
    """Read what the trials of participants of one kind are drawn from, in the current stage."""
    clips = list(main_clips(study))
    design = design_of(study, kind, len(clips), stage_for(study, kind))
    scale = asked_of_design(study, design.conditions).scale
    return TrialMaterial(design, clips, _stimuli_by_clip(study), practice_clip(study), scale)


def enrol(
    study: Study,
    *,
    token: str | None = None,
    link: InviteLink | None = None,
    language: str = "en",
    arrival: Arrival = Arrival(),  # noqa: B008 (frozen)
    bot: bool = False,
    now: datetime | None = None,
) -> tuple[Participant, str]:
    """Create a participant with a slot and trials; the same token again returns the same participant.

    Args:
        arrival: the ids of the recruiting platform, which are kept apart (`visits`). Whoever comes under an id that was
            used before takes part but is left out, unless they are pilots.

    Returns:
        The participant and the token, of which only the hash is stored.

    Raises:
        NotAllowedNow: the study takes no new participants, or the link or the study is full.
    """
    token = token or new_token()
    kind = Participant.Kind.BOT if bot else kind_for(link)
    # Read before the lock, because everybody who arrives at the same time waits for it.
    material, known = load_trial_material(study, kind), (study.plan_digest, study.stage)
    with transaction.atomic():
        study = lock_study(study)
        if (study.plan_digest, study.stage) != known:  # the study was opened or went on to another stage in between
            material = load_trial_material(study, kind)
        enrolled = participant_with_token(token, study)
        if enrolled is not None:  # sent twice, or another tab was faster
            return enrolled, token
        check_open_to(study, link)
        now = now or timezone.now()
        stage = stage_for(study, kind)
        held = slot_holders(study, kind, stage, now).values_list("slot", flat=True)
        last_number = study.participants.filter(kind=kind).aggregate(last=Max("number"))["last"] or 0
        participant = Participant.objects.create(
            study=study,
            kind=kind,
            stage=stage,
            study_version=study.version,
            number=last_number + 1,
            token_hash=token_hash(token),
            invite_link=link,
            support_digest=participant_digest(support_code(token)) if arrival.person else "",
            language=language,
            slot=next_slot(slot for slot in held if slot is not None),
            settings_digest=study.plan_digest,
            created_at=now,
            last_seen_at=now,
        )
        Trial.objects.bulk_create(_trials(participant, material))
        is_first = last_number == study.stages.get(stage, {}).get("after", 0)
        if is_first and kind in kinds_of(study):
            begin_counts(material.clips, kind, stage)
        if enter(study, token, arrival, is_pilot=kind == Participant.Kind.PILOT):
            leave_out(participant)
    return participant, token


def _trials(participant: Participant, material: TrialMaterial) -> list[Trial]:
    """The trials of the participant's slot, after the practice trial if there is one."""
    assert participant.slot is not None
    trials = [
        _trial(participant, number, plan, material)
        for number, plan in enumerate(draw_plan(material.design, participant.slot), start=1)
    ]
    if material.practice is None:
        return trials
    stimuli = material.stimuli[material.practice.pk]
    practice = Trial(
        participant=participant,
        clip=material.practice,
        number=0,
        kind=Trial.Kind.PRACTICE,
        position_order=[stimuli[condition] for condition in draw_practice(material.design, participant.slot)],
    )
    return [practice, *trials]


def practice_clip(study: Study) -> Clip | None:
    """The clip of the practice trial, or None if the study has no practice trial or no clip for it."""
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


def _trial(participant: Participant, number: int, plan: PlannedTrial, material: TrialMaterial) -> Trial:
    return Trial(
        participant=participant,
        clip=material.clips[plan.clip],
        number=number,
        kind=plan.kind,
        repeat=plan.repeat,
        part=plan.part,
        position_order=[material.stimuli[material.clips[clip].pk][condition] for clip, condition in plan.images],
        images_sent=0 if records_what_is_sent(participant.kind) else None,
        expected=expected_answer(plan, material.attention_scale),
    )


def note_presence(participant: Participant) -> None:
    """Set `last_seen_at`: the participant is still active, and keeps the slot."""
    Participant.objects.filter(pk=participant.pk).update(last_seen_at=timezone.now(), judged_at=None)
