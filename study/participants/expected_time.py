"""How long taking part will take, before anybody has been timed."""

from study.models import Participant, Study
from study.participants.enrolment import design_of, main_clips
from study.participants.listening import survey_seconds

CHOOSING_SECONDS, OTHER_SECONDS = 15, 120  # to choose at each clip; for all pages beside the trials


def expected_minutes(study: Study) -> int | None:
    """Estimate a participant's minutes: each clip once, time to choose, and the other pages.

    None without clips, or if the numbers of a draft contradict each other, which the preflight reports.
    """
    seconds = [survey_seconds(clip) for clip in main_clips(study)]
    if not seconds:
        return None
    mean = sum(seconds) / len(seconds)
    try:
        trials = design_of(study, Participant.Kind.REAL, len(seconds)).trials
    except ValueError:
        return None
    return max(1, round((trials * (mean + CHOOSING_SECONDS) + OTHER_SECONDS) / 60))
