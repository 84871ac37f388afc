"""The survey's forms: the forms validate, the views save."""

import re
from collections.abc import Sequence
from datetime import timedelta
from math import inf, isfinite
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.translation import gettext, gettext_lazy

from study.ballots.answers import Answer
from study.design import LETTERS
from study.instruments.answers import AnswerRefused
from study.instruments.content import TIE
from study.opaque_tokens import new_submission_key
from study.participants.headphones import number_right
from study.survey.question_facts import PLACES
from study.web.http import sent_json

WEEK = 7 * 86400.0
_BROWSER_NAME, _COUNT = re.compile(r"[0-9a-f-]{8,36}"), re.compile(r"[0-9]{1,15}", re.ASCII)


def read_answer(data: QueryDict) -> Answer | None:
    """Read a trial's answer from the form, or None if it is malformed; `cast_ballot` checks that it is complete.

    Raises:
        AnswerRefused: a place of an order is empty.

    Not a Django form, because building one takes as long as storing the answer.
    """
    first, second, knows = data.get("first", ""), data.get("second", ""), data.get("knows_piece", "")
    if tie := first == TIE:
        first = ""
    none_fits = data.get("none_fits", "").lower() not in ("", "false", "0")
    further = () if none_fits else _further(data)
    if not {first, second, *further} <= {"", *LETTERS} or knows not in ("", "yes", "no"):
        return None
    try:
        key = UUID(data.get("key")) if data.get("key") else new_submission_key()
    except ValueError:
        return None
    return Answer(
        key=key,
        first=None if none_fits else first or None,
        second=None if none_fits else second or None,
        none_fits=none_fits,
        reason=data.get("reason", ""),
        typing=_typing(data.get("typing")),
        knows_piece={"yes": True, "no": False}.get(knows),
        seconds=_seconds(data.get("seconds"), WEEK),
        listened_seconds=_seconds(data.get("listened"), WEEK),
        age=timedelta(seconds=min(_seconds(data.get("age"), inf) or 0, 30 * 86400)),
        browser=name if _BROWSER_NAME.fullmatch(name := data.get("browser", "")) else "",
        count=int(text) if _COUNT.fullmatch(text := data.get("count", "")) else None,
        further=further,
        tie=tie,
        values={name[2:]: tuple(data.getlist(name)) for name in data if name.startswith("q.")},
    )


def _further(data: QueryDict) -> tuple[str, ...]:
    """Return the letters of the third and later places, up to the last that is given.

    Raises:
        AnswerRefused: a place before another one is empty: to move up the later one would change the answer.
    """
    letters = [data.get(name, "") for name in PLACES[2:]]
    while letters and not letters[-1]:
        letters.pop()
    if "" in letters:
        raise AnswerRefused(gettext("A place between two others is empty. Fill it, or take the later ones back."))
    return tuple(letters)


def _seconds(text: str | None, most: float) -> float | None:
    """Seconds measured by the browser; None if impossible, so that a broken clock never makes an answer invalid."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds <= most and isfinite(seconds) else None


_TYPING = ("pastes", "inputs", "largest", "seconds")


def _typing(text: str | None) -> dict[str, float] | None:
    """How the reason was typed, as the page's script counted it; None if nothing or nonsense was sent."""
    if not text or len(text) > 200:
        return None
    try:
        sent = sent_json(text)
    except ValueError:
        return None
    if not isinstance(sent, dict) or not all(_is_count(sent.get(name)) for name in _TYPING):
        return None
    return {name: round(float(sent[name]), 1) for name in _TYPING}


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= WEEK


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        error_messages={"required": gettext_lazy("Please tick the box if you agree and want to take part.")}
    )
    # Of the text that was read, which may change while the study runs.
    version = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


class SoundForm(forms.Form):
    """The sound check: whether the test sound was heard, and for each sound of the screening its quietest tone."""

    heard = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])

    def __init__(self, *args: object, sounds: Sequence[int], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.sounds = sounds
        for sound in sounds:
            places = [(str(place), str(place)) for place in (1, 2, 3)]
            self.fields[f"quietest_{sound}"] = forms.ChoiceField(
                required=False, choices=places, widget=forms.RadioSelect
            )

    def screening(self) -> list[tuple[str, forms.BoundField]]:
        """The sounds' addresses in the order in which they are heard, each with its field."""
        return [(static(f"audio/headphones-{sound}.mp3"), self[f"quietest_{sound}"]) for sound in self.sounds]

    def clean(self) -> dict[str, Any]:
        """Ask for what is missing, except from those who hear nothing."""
        cleaned = super().clean() or {}
        if cleaned.get("heard") == "yes" and any(not cleaned.get(f"quietest_{sound}") for sound in self.sounds):
            self.add_error(None, gettext("Please play each of the six sounds and choose its quietest tone."))
        return cleaned

    def answers(self) -> dict[str, object]:
        """What is stored: the answer and, if the screening was answered, its answers by sound and how many are right.

        Those who hear nothing and leave the screening have no number of right answers.
        """
        named = {sound: int(place) for sound in self.sounds if (place := self.cleaned_data.get(f"quietest_{sound}"))}
        answers: dict[str, object] = {"heard": self.cleaned_data["heard"]}
        if named:
            answers |= {"quietest": named, "right": number_right(named)}
        return answers


class ProblemForm(forms.Form):
    key = forms.UUIDField(required=False, initial=new_submission_key, widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("What went wrong?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class ReceiptForm(forms.Form):
    receipt = forms.CharField(label=gettext_lazy("Your receipt"), max_length=120)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("The code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )
