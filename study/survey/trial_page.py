"""What the trial page shows: `trial_context` builds the template's values."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from study import texts
from study.design import LETTERS
from study.models import Ballot, Trial

MAX_DEFAULT_MINIMUM = 15.0  # seconds
FLAT_OUTLINE = [0.35] * 60
MAX_SEGMENTS = 24


def trial_context(
    trial: Trial, answered: dict[int, bool], *, chosen: Mapping[str, Any] | None = None, error: str = ""
) -> dict[str, Any]:
    """Build the values of the trial page.

    Args:
        answered: all trials of the participant by number, and whether each has an answer.
        chosen: a refused answer as it was sent; None shows the stored answer, if there is one.
        error: why the answer was refused.
    """
    ballot = getattr(trial, "ballot", None)
    if chosen is None:
        chosen = _stored_choice(trial, ballot)
    judged = [is_answered for number, is_answered in answered.items() if number]  # without the practice trial
    return {
        "trial": trial,
        "question": _question(trial),
        "minimum": listening_minimum(trial),
        "duration": _duration(trial),
        "wave": _wave(trial.clip.outline),
        "positions": _positions(trial, chosen),
        "audio": reverse("survey_audio", args=[trial.participant.handle, trial.media_key]),
        "chosen": chosen,
        "error": error,
        "key": uuid4(),
        "ballot": ballot,
        "place": _("%(n)s of %(total)s") % {"n": trial.number, "total": len(judged)}
        if trial.number
        else _("A try first"),
        "answered": sum(judged),
        "segments": _segments(trial.number, len(judged)),
        "page_label": f"trial {trial.number}",
        "back": trial_url(trial, trial.number - 1, answered),
        "ahead": trial_url(trial, trial.number + 1, answered),
    }


def trial_url(trial: Trial, number: int, answered: dict[int, bool]) -> str:
    """The address of the participant's trial of this number, empty if there is none."""
    return reverse("survey_trial", args=[trial.participant.handle, number]) if number in answered else ""


def listening_minimum(trial: Trial) -> float:
    """Seconds to hear before the answer opens: the study's setting, or half the clip but at most 15."""
    setting = trial.participant.study.listening_minimum_seconds
    if setting is None:
        return min(_duration(trial) / 2, MAX_DEFAULT_MINIMUM)
    return min(_duration(trial), float(setting))


def _duration(trial: Trial) -> float:
    """Seconds of the sound that the survey plays."""
    return trial.clip.survey_duration or trial.clip.duration


def _question(trial: Trial) -> str:
    if trial.expected:
        return _("This time, choose image %(first)s as your 1st and image %(second)s as your 2nd.") % trial.expected
    return texts.question(trial.participant.study)


def _positions(trial: Trial, chosen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The texts and state of each image; built here because translating in the template takes much longer."""
    address = reverse("survey_image", args=[trial.participant.handle, trial.media_key, "A"])[:-1]
    labels = {
        "label": _("Image %(letter)s"),
        "enlarge": _("Enlarge image %(letter)s"),
        "is_first": _("Image %(letter)s is my 1st"),
        "is_second": _("Image %(letter)s is my 2nd"),
    }
    return [
        {"letter": letter, "url": address + letter}
        | {name: text % {"letter": letter} for name, text in labels.items()}
        | {"first": chosen.get("first") == letter, "second": chosen.get("second") == letter}
        for letter in LETTERS[: len(trial.position_order)]
    ]


def _stored_choice(trial: Trial, ballot: Ballot | None) -> dict[str, str]:
    """The stored answer as the form would send it."""
    if ballot is None:
        return {}
    letters = dict(zip(trial.position_order, LETTERS, strict=False))
    return {
        "first": letters.get(ballot.first_id, ""),
        "second": letters.get(ballot.second_id, ""),
        "none_fits": "on" if ballot.none_fits else "",
        "reason": ballot.reason,
        "knows_piece": {True: "yes", False: "no", None: ""}[ballot.knows_piece],
    }


def _wave(outline: list[float]) -> dict[str, Any]:
    """The outline of the sound as SVG bars, 100 high and 5 wide; built here because a template loop takes longer."""
    heights = [max(0.06, min(1.0, float(value))) for value in outline or FLAT_OUTLINE]
    bars = [
        f'<rect x="{5 * index + 1}" y="{50 - 46 * height:.1f}" width="3" height="{92 * height:.1f}" rx="1.5"/>'
        for index, height in enumerate(heights)
    ]
    return {"width": 5 * len(bars), "bars": mark_safe("".join(bars))}  # noqa: S308 (numbers only)


def _segments(number: int, total: int) -> str:
    """The progress bar: one segment for each trial, at most `MAX_SEGMENTS`."""
    shown = min(total, MAX_SEGMENTS)
    current = number * shown / max(total, 1)
    marks = (
        ' class="done"' if index < current - 1 - 1e-9 else ' class="now"' if index < current else ""
        for index in range(shown)
    )
    return mark_safe("".join(f"<i{mark}></i>" for mark in marks))  # noqa: S308 (constant text only)
