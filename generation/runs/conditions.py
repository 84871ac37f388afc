"""Which conditions of a study are painted here, and which clips have images made elsewhere."""

from collections.abc import Mapping

from study.models import Clip, Study

# Why a clip is left out by itself; kept in its row.
UNCHANGED = "Redefinition changes nothing: both tag sets give the same prompts."


def is_painted(levels: Mapping[str, str]) -> bool:
    """Whether a condition of these levels says what its prompt is made from."""
    return {"tags", "form"} <= set(levels)


def painted_conditions(study: Study) -> dict[str, dict[str, str]]:
    """The conditions that are painted here, key → levels; others get their images ready-made."""
    return {
        condition.key: condition.levels
        for condition in study.conditions.order_by("number")
        if is_painted(condition.levels)
    }


def is_ready_made(clip: Clip) -> bool:
    """Whether the clip's images were uploaded; then only its audio for the survey is made here."""
    return any(stimulus.painter == "uploaded" for stimulus in clip.stimuli.all())
