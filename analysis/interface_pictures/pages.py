"""The participants' pages of a study as they look, made without a participant: nothing is stored, nobody takes part.

The same templates and the same code make them as in the survey, from rows that are never saved. The order of the images
is drawn for each trial page that is made, and kept nowhere.
"""

import mimetypes
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import File
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from study import texts
from study.design import LETTERS
from study.errors import NotAllowedNow
from study.instruments.of_study import instrument_of, is_classic
from study.models import Clip, Participant, Stimulus, Study, Trial
from study.participants.headphones import sound_order
from study.participants.links import full_url
from study.participants.question_form import QuestionForm
from study.participants.questions import load_question_set, localized
from study.participants.stages import has_page
from study.stored_files.copies import read_or_open
from study.survey.forms import ConsentForm, SoundForm
from study.survey.page_facts import PageFacts, PersonFacts
from study.survey.question_facts import ways_to_answer
from study.survey.trial_facts import trial_facts
from study.survey.trial_page import render_trial
from study.survey_images.versions import read_image, shown_as

HANDLE, EXAMPLE = "0" * 16, "example"
# In the order of a visit. Each is left out of a study that does not use it.
PAGES = ("consent", "questions_before", "sound", "instructions", "trial", "questions_after", "thanks")
RECEIPT = "ABCD-EFGH-IJKL-MNOP"  # of nobody


@dataclass(frozen=True)
class Shown:
    """A clip with the images that its trial shows, by position."""

    clip: Clip
    stimuli: tuple[Stimulus, ...]


class InterfacePages:
    """The pages of one study, and what they load, by their paths.

    Raises:
        NotAllowedNow: no clip has all its images yet.
    """

    def __init__(self, study: Study) -> None:
        self._study = Study.objects.get(pk=study.pk)
        self._study.completion_code = ""  # a platform pays for it
        self._images = shown_as(self._study)
        self._example = _example(self._study)
        self.languages = texts.languages_of(self._study)

    def used(self) -> Iterator[str]:
        """Yield the pages that the study uses."""
        pages = {"questions_before": "questions before", "questions_after": "questions after"}
        yield from (page for page in PAGES if has_page(self._study, pages.get(page, page)))

    def answer(self, address: str) -> tuple[str, bytes] | None:
        """Return media type and content of what a browser asks for: "/page/trial/en", a style, an image, the sound."""
        parts = urlsplit(address)
        if parts.path.startswith(settings.STATIC_URL):
            return _static_file(parts.path.removeprefix(settings.STATIC_URL))
        match parts.path.strip("/").split("/"):
            case ["page", page, language] if page in PAGES and language in self.languages:
                return "text/html; charset=utf-8", self._html(page, language).encode()
            case ["q", _handle, "m", _key, "audio"]:
                return _sound(self._example.clip)
            case ["q", _handle, "m", _key, letter] if letter in LETTERS[: len(self._example.stimuli)]:
                return self._image(
                    self._example.stimuli[LETTERS.index(letter)], parse_qs(parts.query).get("w", [""])[0]
                )
            case ["q", _handle, "events"]:
                return "application/json", b"{}"
        return None

    def _html(self, page: str, language: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "consent": lambda: self._page("consent", form=ConsentForm(), text=texts.consent(self._study)),
            "questions_before": lambda: self._questions(self._study.questions_before),
            "sound": self._sound_page,
            "instructions": self._instructions,
            "trial": self._trial,
            "questions_after": lambda: self._questions(self._study.questions_after),
            "thanks": lambda: self._page("thanks", given_back=[], return_url="", support=""),
        }
        with translation.override(language):
            return makers[page]()

    def _page(self, template: str, **context: Any) -> str:
        shared = {
            "participant": self._participant(),
            "study": self._study,
            "is_pilot": False,
            "languages": self.languages,
            "own_link": full_url(reverse("survey_personal", args=[EXAMPLE])),
            "language_url": "",
            "path": "",
            "csrf_token": EXAMPLE,
        }
        return render_to_string(f"survey/{template}.html", shared | context)

    def _participant(self) -> Participant:
        return Participant(study=self._study, handle=HANDLE, receipt=RECEIPT)

    def _questions(self, text: str) -> str:
        question_set = load_question_set(text)
        return self._page("questions", form=QuestionForm(question_set), heading=localized(question_set.title))

    def _sound_page(self) -> str:
        sounds = sound_order(self._participant()) if self._study.headphone_check else []
        return self._page("sound", form=SoundForm(sounds=sounds))

    def _instructions(self) -> str:
        text = texts.instructions(self._study, self._study.conditions.count())
        return self._page("instructions", text=text, ways=ways_to_answer(self._study))

    def _trial(self) -> str:
        trial = Trial(
            participant=self._participant(),
            clip=self._example.clip,
            number=1,
            kind=Trial.Kind.MAIN,
            position_order=[stimulus.pk for stimulus in self._example.stimuli],
        )
        page = PageFacts(PersonFacts(HANDLE), False, tuple(self.languages), "", EXAMPLE, "", EXAMPLE)
        trials = (
            self._study.trials_per_participant or self._study.clips.filter(included=True, is_practice=False).count()
        )
        return render_trial(page, trial_facts(trial, dict.fromkeys(range(1, trials + 1), False)))

    def _image(self, stimulus: Stimulus, asked: str) -> tuple[str, bytes] | None:
        name = str(stimulus.image)
        if self._images is None:
            content = _whole(name)
            return ("image/png" if content.startswith(b"\x89PNG") else "image/webp", content)
        widths = {str(width): width for width in self._images.widths}
        width = widths.get(asked, self._images.default_width)
        return "image/webp", read_image(self._study, self._images, name, width)


def _example(study: Study) -> Shown:
    """The clip that is shown: that of the practice trial, which no result is about, else the first with all images."""
    wanted = study.conditions.count()
    shown = 2 if not is_classic(study) and instrument_of(study).pair is not None else wanted
    for clip in study.clips.filter(included=True).order_by("-is_practice", "number"):
        stimuli = list(clip.stimuli.filter(state=Stimulus.State.READY).exclude(image=""))
        if wanted and len(stimuli) == wanted:
            return Shown(clip, tuple(random.SystemRandom().sample(stimuli, shown)))
    raise NotAllowedNow(translation.gettext("No clip has all its images yet. Generate them first."))


def _static_file(name: str) -> tuple[str, bytes] | None:
    """A style, script or icon of ours, as it was collected or as it lies in the sources."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    try:
        with staticfiles_storage.open(name) as file:
            return kind, file.read()
    except (OSError, SuspiciousOperation, ValueError):
        pass
    try:
        found = finders.find(name)
    except SuspiciousOperation:
        return None
    if not isinstance(found, str):
        return None
    return kind, Path(found).read_bytes()


def _sound(clip: Clip) -> tuple[str, bytes] | None:
    return ("audio/mpeg", _whole(str(clip.survey_audio))) if clip.survey_audio else None


def _whole(name: str) -> bytes:
    content = read_or_open(name)
    if isinstance(content, File):
        with content:
            return bytes(content.read())
    return content
