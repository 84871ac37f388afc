"""How long taking part will take, before anybody has been timed."""

from collections.abc import Mapping

from study.models import Participant, Study
from study.participants.enrolment import design_of, main_clips
from study.participants.listening import survey_seconds

# Seconds assumed for each answer of a trial, beside listening.
SECONDS: Mapping[str, int] = {
    "first choice": 10,  # among all images
    "further choice": 5,  # each
    "pair": 8,
    "rating": 4,  # of one image, or of the music, on one scale of steps
    "slider": 6,
    "pick": 5,  # of one image, or of the music
    "text": 15,
    "confidence": 3,
}
OTHER_SECONDS = 120  # for all pages beside the trials


def answering_seconds(study: Study, images: int) -> int:
    """Estimate the seconds that the answers to one trial take, beside listening.

    Args:
        images: how many a trial shows.
    """
    if not study.instrument:
        return SECONDS["first choice"] + SECONDS["further choice"]
    # Imported here: it loads pydantic, and every command imports this module.
    from study.instruments.of_study import instrument_of
    from study.instruments.questions import Choose, Pick, Question, Rate

    instrument = instrument_of(study)
    ranks = min(instrument.choose.ranks, images) if instrument.choose else 0
    answers = {"images": images, "chosen": ranks, "music": 1}

    def seconds_for(question: Question) -> int:
        if isinstance(question, Choose):
            return SECONDS["first choice"] + (ranks - 1) * SECONDS["further choice"]
        if isinstance(question, Rate):
            scales = (SECONDS["slider" if scale.is_slider else "rating"] for scale in question.scales)
            return answers[question.of] * sum(scales)
        if isinstance(question, Pick):
            return answers[question.of] * SECONDS["pick"]
        return SECONDS[question.kind]

    return sum(seconds_for(question) for question in instrument.questions)


def expected_minutes(study: Study) -> int | None:
    """Estimate a participant's minutes: the clip of each trial once, time to answer, and the other pages.

    None without clips, or if the numbers of a draft contradict each other, which the preflight reports.
    """
    seconds = [survey_seconds(clip) for clip in main_clips(study)]
    if not seconds:
        return None
    mean = sum(seconds) / len(seconds)
    try:
        design = design_of(study, Participant.Kind.REAL, len(seconds))
    except ValueError:
        return None
    trial = mean + answering_seconds(study, design.shown)
    return max(1, round((design.trials * trial + OTHER_SECONDS) / 60))
