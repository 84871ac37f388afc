"""The verbs of a run: start, cancel, stop, finish, retry failed steps, repaint, decide tags; each one transaction."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings as django_settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, Sum
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from generation.errors import NotPossibleNow
from generation.models import ClipStep, GenerationRun, ReviewDecision, SentenceCall, TagDecision
from generation.runs.conditions import clips_to_generate, is_ready_made, painted_conditions
from generation.runs.image_versions import image_names, version_of
from generation.runs.planning import plan
from generation.runs.queueing import send_waiting_steps
from generation.runs.readiness import check_before_start, check_own_files, check_tags
from generation.runs.steps.sequence import queue_of
from generation.settings_model import GenerationSettings, settings_of
from study.models import Clip, Stimulus, Study
from study.models.log import person_of, record
from study.setup.paintings import RepaintReason

logger = logging.getLogger(__name__)
State = ClipStep.State


def active_run(study: Study) -> GenerationRun | None:
    """Return the study's running run, if there is one."""
    return study.generation_runs.filter(state=GenerationRun.State.RUNNING).first()


def _lock_study(study_id: int) -> None:
    """Lock the study's row. All that starts, ends or extends a run does so first, so that they happen one at a time."""
    Study.objects.select_for_update().filter(pk=study_id).first()


def lock_draft(study: Study) -> Study:
    """Return the study, locked for the transaction.

    Raises:
        NotPossibleNow: the study is no draft, so that its images may not change.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if locked.status != Study.Status.DRAFT:
        raise NotPossibleNow(
            _("This study is %(status)s: its images can no longer change.") % {"status": locked.get_status_display()}
        )
    return locked


def lock_settings(study: Study) -> Study:
    """Return the study, locked for a change of its generation settings.

    Raises:
        NotPossibleNow: the study is no draft, or a run is at work by these settings.
    """
    locked = lock_draft(study)
    if active_run(locked):
        raise NotPossibleNow(_("A run is in progress. To change its settings, wait until it ends, or cancel it."))
    return locked


def _new_run(study: Study, settings: GenerationSettings, actor: Any, notify: bool) -> GenerationRun:
    if active_run(study):
        raise NotPossibleNow(_("Generation is running already. Wait for it, or cancel it first."))
    last = study.generation_runs.last()
    try:
        with transaction.atomic():
            return GenerationRun.objects.create(
                study=study,
                number=last.number + 1 if last else 1,
                actor=person_of(actor),
                notify=notify,
                settings=settings.model_dump(mode="json"),
            )
    except IntegrityError as error:  # two were started at once; the other one was first
        raise NotPossibleNow(_("Generation is running already.")) from error


def start_run(
    study: Study, *, actor: Any = None, notify: bool = False, wake: bool = True, in_process: bool = False
) -> GenerationRun:
    """Start a run over all clips; results made from the same inputs stay.

    `wake`: send messages to workers. `in_process`: this process will do the steps, so check its key and weights.

    Raises:
        NotPossibleNow: a run is running, the study is no draft, or there is no clip.
        RunStopped: clips would fail for want of a key, weights, an allowed address or predictions, or tags cannot be
            written in the language of the prompts; no run was started.
        GenerationError: the settings are not valid.
    """
    settings = settings_of(study)
    if painted_conditions(study):
        check_before_start(settings, in_process=in_process)
        candidates = clips_to_generate(study).prefetch_related("stimuli")
        wanted = [clip for clip in candidates if not is_ready_made(clip)]
        check_own_files(study, settings, wanted)
        check_tags(study, settings, wanted)
    with transaction.atomic():
        study = lock_draft(study)
        clips = list(clips_to_generate(study))
        if not clips:
            raise NotPossibleNow(_("There is no clip to make images for. Upload clips first."))
        run = _new_run(study, settings, actor, notify)
        plan(run, clips, settings)
        record(study, "generation started", actor=actor, run=run.number, clips=len(clips))
        if wake:
            send_waiting_steps(run)
    finish_if_complete(run)
    run.refresh_from_db()
    return run


def cancel_run(run: GenerationRun, *, actor: Any = None) -> None:
    """End the run; steps that are being done may finish, no other is started."""
    with transaction.atomic():
        _lock_study(run.study_id)
        if _end(run, GenerationRun.State.CANCELLED):
            record(run.study, "generation cancelled", actor=actor, run=run.number)


def stop_run(run: GenerationRun, message: str) -> None:
    """End the run with one message about an error that every clip would meet."""
    with transaction.atomic():
        _lock_study(run.study_id)
        if _end(run, GenerationRun.State.STOPPED, message=message):
            record(run.study, "generation stopped", run=run.number, message=message)
            _notify(run, _("Generation stopped: %(message)s") % {"message": message})


def finish_if_complete(run: GenerationRun) -> bool:
    """End the run as done if no step is left, and return whether this call ended it."""
    left = ClipStep.objects.filter(run=run, state__in=ClipStep.ACTIVE)
    if left.exists():
        return False
    with transaction.atomic():
        _lock_study(run.study_id)  # then check again: steps may have been retried or repainted in between
        if left.exists() or not _end(run, GenerationRun.State.DONE):
            return False
        failed = ClipStep.objects.filter(run=run, state=State.FAILED).count()
        record(run.study, "generation finished", run=run.number, failed=failed)
        _notify(run, _("Generation is done; %(n)d steps failed.") % {"n": failed})
    return True


def _end(run: GenerationRun, state: str, **fields: Any) -> bool:
    """End a running run; return False if it had ended already."""
    running = GenerationRun.objects.filter(pk=run.pk, state=GenerationRun.State.RUNNING)
    if not running.exists():
        return False
    ready = Stimulus.objects.filter(clip__study_id=run.study_id, clip__included=True, state=Stimulus.State.READY)
    totals = {
        "images": ready.count(),
        "failed": ClipStep.objects.filter(run=run, state=State.FAILED).count(),
        "steps": ClipStep.objects.filter(run=run, state=State.DONE).count(),
    }
    spent = SentenceCall.objects.filter(run=run, under_way=False).aggregate(
        calls=Count("pk"), read=Sum("input_tokens"), written=Sum("output_tokens")
    )
    if spent["calls"]:
        totals |= {
            "calls": spent["calls"],
            "input_tokens": spent["read"],
            "output_tokens": spent["written"],
        }
    return bool(running.update(state=state, finished_at=Now(), totals=totals, **fields))


def _notify(run: GenerationRun, text: str) -> None:
    """Send an e-mail to the person who started the run, if they asked for one."""
    address = run.actor.email if run.notify and run.actor else ""
    if not address:
        return
    link = f"{django_settings.BASE_URL}{reverse('generation_run', args=[run.study.slug])}"
    title = " ".join(run.study.title.split())  # a subject is one line
    transaction.on_commit(
        lambda: send_mail(f"{title}: Earsight", f"{text}\n\n{link}\n", None, [address], fail_silently=True)
    )


def retry_failed(study: Study, *, actor: Any = None, wake: bool = True) -> GenerationRun:
    """Do the failed steps again, within the running run or in a new one.

    Raises:
        NotPossibleNow: the study is no draft.
    """
    with transaction.atomic():
        lock_draft(study)
        run = active_run(study)
        if run is None:
            return start_run(study, actor=actor, wake=wake)
        failed = ClipStep.objects.filter(run=run, state=State.FAILED)
        failed.update(state=State.WAITING, **ClipStep.UNTRIED)
        record(study, "generation retried", actor=actor, run=run.number)
        if wake:
            send_waiting_steps(run)
    return run


def repaint(
    clip: Clip, *, reason: str, note: str = "", named: Iterable[str] = (), actor: Any = None, wake: bool = True
) -> GenerationRun:
    """Paint all images of a clip again, together, from the next seed of its recorded sequence; the report counts it.

    `reason`: a key of `RepaintReason`. `note`: the reason in words, if it is another one. `named`: the keys of the
    conditions whose image is the reason.

    Raises:
        NotPossibleNow: no reason given, the study is no draft, or the clip is not painted yet.
    """
    note = note.strip()[:200]
    if reason not in RepaintReason.values or (reason == RepaintReason.OTHER and not note):
        raise NotPossibleNow(_("Give a reason; it is written to the study's log."))
    if is_ready_made(clip):
        raise NotPossibleNow(_("The images of this clip were made elsewhere. Upload other images to replace them."))
    settings = settings_of(clip.study)
    with transaction.atomic():
        study = lock_draft(clip.study)
        step = ClipStep.objects.select_for_update().filter(clip=clip, kind=ClipStep.Kind.PAINT).first()
        if step is None or step.state not in (State.DONE, State.FAILED):
            raise NotPossibleNow(_("This clip has no finished images to paint again yet."))
        run = active_run(study) or _new_run(study, settings, actor, notify=False)
        used = (step.result or {}).get("seed_number", step.seed_number)
        version = version_of(image_names(clip))
        ReviewDecision.objects.create(
            clip=clip,
            kind=ReviewDecision.Kind.REPAINTED,
            version=version,
            reason=reason,
            note=note,
            named=[key for key in study.conditions.values_list("key", flat=True) if key in set(named)],
            step_before={"state": step.state, "error": step.error, "seed_number": step.seed_number},
            batch=secrets.token_hex(16),
            actor=person_of(actor),
        )
        ClipStep.objects.filter(pk=step.pk).update(
            run=run,
            state=State.WAITING,
            seed_number=used + 1,
            queue=queue_of(step.kind, settings),
            **ClipStep.UNTRIED,
        )
        words = "" if reason == RepaintReason.OTHER else RepaintReason(reason).label
        why = ": ".join(part for part in (str(words), note) if part)
        # By `images` an export proves which repaints gave other images, by the key why: words change with versions.
        facts = {"reason_key": reason, "seed_number": used + 1, "images": version}
        record(study, "repainted", actor=actor, reason=why, clip=clip.name, **facts)
        if wake:
            send_waiting_steps(run)
    return run


def not_begun(at: datetime | OuterRef) -> Q:
    """Return the condition for steps of painting that no worker has begun since `at`, and that no later run took."""
    waiting = Q(kind=ClipStep.Kind.PAINT, state=State.WAITING, waits=0, interruptions=0, attempts=0)
    return waiting & Q(run__started_at__lte=at)


def withdraw_repaint(decision: ReviewDecision) -> GenerationRun:
    """Take a clip back from painting again, if no worker has begun; return the run. Call it within a transaction.

    End the run after the commit, if no step is left.

    Raises:
        NotPossibleNow: it is being painted, or is painted, or a later run is to paint it.
    """
    steps = ClipStep.objects.select_for_update(of=("self",)).select_related("run")
    step = steps.filter(not_begun(decision.at), clip=decision.clip_id).first()
    if step is None or not decision.step_before:
        raise NotPossibleNow(
            _("The images of %(clip)s are being painted again already: this can no longer be undone.")
            % {"clip": decision.clip.name}
        )
    ClipStep.objects.filter(pk=step.pk).update(**ClipStep.UNTRIED | decision.step_before)
    return step.run


@transaction.atomic
def decide_tags(
    clip: Clip, choices: Mapping[str, str], *, seen: Mapping[str, str] | None = None, actor: Any = None
) -> int:
    """Save the researcher's decisions on contested tags, and return how many are new; the next run applies them.

    `seen`: the decisions that the page showed, by tag; what was left as it was shown is no decision.

    Raises:
        NotPossibleNow: the study is no draft, or one of the tags was decided otherwise since the page was shown.
    """
    study = lock_draft(clip.study)
    now = dict(TagDecision.objects.filter(clip=clip, tag__in=choices).values_list("tag", "choice"))
    fresh = {}
    for tag, choice in choices.items():
        before = now.get(tag, "") if seen is None else seen.get(tag, "")
        if choice in (before, now.get(tag)):
            continue
        if now.get(tag, before) != before:
            raise NotPossibleNow(
                _("“%(tag)s” of %(clip)s was decided meanwhile: %(choice)s. Decide again if you want it otherwise.")
                % {"tag": tag, "clip": clip.name, "choice": TagDecision.Choice(now[tag]).label}
            )
        fresh[tag] = choice
    for tag, choice in fresh.items():
        TagDecision.objects.update_or_create(clip=clip, tag=tag, defaults={"choice": choice, "actor": person_of(actor)})
    if fresh:
        record(study, "tags decided", actor=actor, clip=clip.name, choices=fresh)
    return len(fresh)
