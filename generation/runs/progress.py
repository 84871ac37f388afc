"""The progress of a run for pages and terminals: images, steps, rate, time left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from generation.models import ClipStep, GenerationRun, TagDecision
from generation.runs.conditions import clips_to_generate
from generation.runs.waiting import waiting_for_a_service
from study.models import Clip, Stimulus, Study

State = ClipStep.State
# The rate is that of the last minutes, so that it follows changes.
RATE_OVER = timedelta(minutes=5)


@dataclass(frozen=True)
class Held:
    """Steps that wait for a service that is away: why, how many, since when, and when it is tried next (None: now)."""

    reason: str
    steps: int
    since: datetime
    next_try: datetime | None


@dataclass(frozen=True)
class Progress:
    """A study's images and its last run.

    `rate`: images per minute. `idle_since`: since when no worker has done anything for the run; None while one does.
    `held`: the steps that wait for a service that is away.
    """

    run: GenerationRun | None
    images_ready: int
    images_wanted: int
    steps_done: int
    steps_wanted: int
    failed: int
    unchanged: int
    to_decide: int
    rate: float | None
    seconds_left: float | None
    idle_since: datetime | None = None
    held: "Held | None" = None

    @property
    def is_running(self) -> bool:
        return self.run is not None and self.run.is_running

    @property
    def percent(self) -> int:
        """The percentage of steps done; of images ready if the study has no run."""
        done, wanted = (self.steps_done, self.steps_wanted) if self.run else (self.images_ready, self.images_wanted)
        return 100 * done // wanted if wanted else 0


def progress_of(study: Study) -> Progress:
    """Return the progress of the study's generation now."""
    run = study.generation_runs.last()
    included = study.clips.filter(included=True)
    wanted = included.count() * study.conditions.count()
    ready = Stimulus.objects.filter(clip__study=study, clip__included=True, state=Stimulus.State.READY).count()
    steps = ClipStep.objects.filter(run=run).exclude(state=State.SKIPPED) if run else ClipStep.objects.none()
    counts = steps.aggregate(
        all=Count("pk"),
        done=Count("pk", filter=Q(state=State.DONE)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
        last=Max("finished_at"),
    )
    is_running = run is not None and run.is_running
    first = waiting_for_a_service(run).first() if run is not None and is_running else None
    idle = is_running and not counts["running"]
    began = [run.started_at if run else None, counts["last"], first and first.not_before]
    rate, left = _rate(run, steps, counts["all"] - counts["done"] - counts["failed"])
    return Progress(
        run=run,
        images_ready=ready,
        images_wanted=wanted,
        steps_done=counts["done"],
        steps_wanted=counts["all"],
        failed=counts["failed"],
        unchanged=unchanged_clips(study),
        to_decide=len(undecided(study)),
        rate=rate,
        seconds_left=left,
        idle_since=max(filter(None, began)) if idle else None,
        held=_held(steps, first) if first is not None else None,
    )


def _held(steps: QuerySet[ClipStep], first: ClipStep) -> Held:
    """Return what the page says of the steps that wait; `first` is tried next."""
    waiting = steps.filter(Q(not_before__isnull=False), state__in=ClipStep.ACTIVE).count()
    is_to_come = first.not_before is not None and first.not_before > timezone.now()
    since = first.waiting_since or timezone.now()
    return Held(first.error, waiting, since, first.not_before if is_to_come else None)


def _rate(run: GenerationRun | None, steps: QuerySet[ClipStep], remaining: int) -> tuple[float | None, float | None]:
    """Return images per minute and the seconds left; None for what cannot be estimated yet."""
    if run is None or not run.is_running:
        return None, None
    now = timezone.now()
    since = max(run.started_at, now - RATE_OVER)
    elapsed = (now - since).total_seconds()
    ended = steps.filter(state=State.DONE, finished_at__gte=since)
    painted = Stimulus.objects.filter(clip__study=run.study, painted_at__gte=since).count()
    done = ended.count()
    if done < 4 or elapsed < 2:
        return None, None
    # The rate counts images, which people understand; the time left follows from all steps.
    return (painted * 60 / elapsed if painted else None), remaining * elapsed / done


def unchanged_clips(study: Study) -> int:
    """Count the clips with two prompts that have the same tags."""
    return ClipStep.objects.filter(
        clip__study=study, kind=ClipStep.Kind.REDEFINE, state=State.DONE, result__unchanged=True
    ).count()


@dataclass(frozen=True)
class TagQuestions:
    """What is asked about a clip's contested tags.

    `undecided`: the tags without a decision. `is_outdated`: whether a decision was made or changed after the clip's
    tags were redefined, so that its images may be of other tags.
    """

    undecided: tuple[str, ...]
    is_outdated: bool


def tag_questions(clips: QuerySet[Clip]) -> dict[int, TagQuestions]:
    """Return what is asked about the contested tags of each of the clips that has some, by the clip's id."""
    # Imported here: every command imports this module, and the rules of redefinition are slow to import.
    from generation.redefinition.decisions import contested_tags

    decided: dict[int, dict[str, str]] = {}
    for clip_id, tag, choice in TagDecision.objects.filter(clip__in=clips).values_list("clip_id", "tag", "choice"):
        decided.setdefault(clip_id, {})[tag] = choice
    steps = ClipStep.objects.filter(clip__in=clips, kind=ClipStep.Kind.REDEFINE, result__contested__0__isnull=False)
    questions = {}
    for clip_id, contested, applied in steps.values_list("clip_id", "result__contested", "result__decisions"):
        now, before = decided.get(clip_id, {}), applied or {}
        kept = {tag: "keep" if has_tag else "remove" for tag, has_tag in contested_tags(contested).items()}
        questions[clip_id] = TagQuestions(
            undecided=tuple(tag for tag in kept if tag not in now),
            is_outdated=any(now.get(tag, choice) != before.get(tag, choice) for tag, choice in kept.items()),
        )
    return questions


def undecided(study: Study) -> list[tuple[int, str]]:
    """Return (clip id, tag) of every contested tag without a decision.

    Also of clips left out as unchanged, since a decision may change them; not of clips left out by hand.
    """
    questions = tag_questions(clips_to_generate(study))
    return [(clip_id, tag) for clip_id, asked in questions.items() for tag in asked.undecided]


def unfaithful_sentences(study: Study) -> QuerySet[Stimulus]:
    """Return the stimuli whose sentence leaves out a tag or adds music that no tag names."""
    is_missing = Q(provenance__writer__missing_tags__0__isnull=False)
    is_added = Q(provenance__writer__added_words__0__isnull=False)
    stimuli = Stimulus.objects.filter(clip__study=study, clip__included=True, state=Stimulus.State.READY)
    return stimuli.filter(is_missing | is_added)
