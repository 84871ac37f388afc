"""How long the music has to play before an answer; the trial page asks for it, and quality checks it."""

from study.models import Clip, Study, Trial

MAX_DEFAULT_MINIMUM = 15.0  # seconds


def survey_seconds(clip: Clip) -> float:
    """Seconds of the sound that the survey plays."""
    return clip.survey_duration or clip.heard_seconds


def listening_minimum(trial: Trial, study: Study | None = None) -> float:
    """Seconds to hear before the answer opens: the study's setting, or half the clip but at most 15."""
    setting = (study or trial.participant.study).listening_minimum_seconds
    seconds = survey_seconds(trial.clip)
    if setting is None:
        return min(seconds / 2, MAX_DEFAULT_MINIMUM)
    return min(seconds, float(setting))
