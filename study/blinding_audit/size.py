"""How much an audit looks at, and about how long that takes."""

from django.utils import timezone

from study.design import Design
from study.models import BlindingAudit, Participant, Study
from study.participants.enrolment import design_of, main_clips

PILOTS = 24
MIN_TRIALS = 6  # of each pilot
# Pilots that look closely at each clip: enough to learn and guess a leak that is in one clip only.
VIEWS_PER_CLIP = 12
# Of two images, a trial's order tells so much less than that of four: log 4! / log 2!.
VIEWS_OF_PAIRS = 55
# On two cores, until an audit has been measured here.
SECONDS_PER_IMAGE = 0.05
# The part of an audit's time that the visits take; the rest is guessing.
SHARE_OF_VISITS = 0.85


def main_trials(design: Design) -> int:
    """Return how many main trials a pilot has."""
    return design.per_person * design.trials_per_clip


def trials_per_pilot(study: Study, people: int = PILOTS, clips: int | None = None) -> int:
    """Return the trials per pilot such that every clip is seen often enough by all; at least MIN_TRIALS."""
    design = design_of(study, Participant.Kind.PILOT, clips)
    views = VIEWS_PER_CLIP if design.pairs_per_clip is None else VIEWS_OF_PAIRS
    return min(main_trials(design), max(MIN_TRIALS, -(-views * design.clips // people)))


def expected_seconds(study: Study, clips: int | None = None) -> float:
    """Estimate the duration of an audit of this study from the last audit on this installation; 0 without clips."""
    clips = main_clips(study).count() if clips is None else clips
    if not clips:
        return 0
    shown = design_of(study, Participant.Kind.PILOT, clips).shown
    images = PILOTS * trials_per_pilot(study, clips=clips) * shown
    finished = BlindingAudit.objects.filter(
        state__in=(BlindingAudit.State.PASSED, BlindingAudit.State.LEAKS), started_at__isnull=False, images__gt=0
    )
    last = finished.order_by("-moved_at").first()
    if last is None or last.started_at is None:
        return images * SECONDS_PER_IMAGE
    return images * (last.moved_at - last.started_at).total_seconds() / last.images


def expected_minutes(study: Study, audit: BlindingAudit | None = None, clips: int | None = None) -> int:
    """Return the minutes, rounded up, that an audit takes, or that are left of a running one.

    `clips`: how many are judged, if it has been read already.
    """
    seconds = expected_seconds(study, clips)
    if audit is not None and audit.started_at is not None and audit.is_going:
        passed = (timezone.now() - audit.started_at).total_seconds()
        done = SHARE_OF_VISITS * audit.people_done / max(audit.people, 1)
        seconds = passed * (1 - done) / done if done else max(seconds - passed, 0)
    return max(1, -(-int(seconds) // 60))
