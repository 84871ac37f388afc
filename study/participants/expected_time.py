"""How long taking part will take, before anybody has been timed."""

from study.models import Participant, Study
from study.participants.enrolment import design_of

CHOOSING_SECONDS, OTHER_SECONDS = 15, 120  # to choose at each clip; for all pages beside the trials


def expected_minutes(study: Study) -> int | None:
    """Estimate a participant's minutes: each clip once, time to choose, and the other pages.

    None without clips, or if the numbers of a draft contradict each other, which the preflight reports.
    """
    durations = list(study.clips.filter(included=True, is_practice=False).values_list("duration", flat=True))
    if not durations:
        return None
    mean = sum(durations) / len(durations)
    try:
        trials = design_of(study, Participant.Kind.REAL, len(durations)).trials
    except ValueError:
        return None
    return max(1, round((trials * (mean + CHOOSING_SECONDS) + OTHER_SECONDS) / 60))
