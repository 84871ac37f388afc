"""A server that leaks on purpose: a middleware outside of all others, which knows the order of each trial."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.test import override_settings

from study.blinding_audit.facts import addresses_in, image_blocks, row_blocks
from study.design import LETTERS
from study.models import Stimulus, Trial

SECRET_SEGMENT = re.compile(r"^/x[0-9a-f]+(?=/)")


@dataclass
class Situation:
    """One request and its reply, with what a leaky server would know."""

    request: Any
    response: Any
    state: str  # page, reply, image, sound, problem, events, review, thanks, other
    trial: Trial | None
    letter: str  # of an image

    @property
    def order(self) -> list[int]:
        """The numbers of the trial's conditions, from 1, by position."""
        return conditions_of(self.trial)

    @property
    def condition(self) -> int:
        return self.order[LETTERS.index(self.letter)]

    @property
    def text(self) -> str:
        return self.response.content.decode()

    @text.setter
    def text(self, text: str) -> None:
        self.response.content = text.encode()

    def header(self, name: str) -> str:
        return self.request.headers.get(name, "")

    def in_images(self, change: Callable[[str, int, str], str]) -> None:
        """Change each image's part of the page: `change(part, condition, letter)`."""
        text = self.text
        for block, condition, letter in zip(image_blocks(text, len(self.order)), self.order, LETTERS, strict=False):
            text = text.replace(block, change(block, condition, letter), 1)
        self.text = text

    def in_rows(self, change: Callable[[str, int], str]) -> None:
        """Change each image's part of each rating: `change(part, condition)`."""
        text = self.text
        for row in row_blocks(text, image_blocks(text, len(self.order))):
            for block, condition in zip(row, self.order, strict=True):
                text = text.replace(block, change(block, condition), 1)
        self.text = text

    def append(self, markup: str) -> None:
        self.text = self.text.replace("</main>", f"{markup}</main>")


@dataclass(frozen=True)
class Plant:
    kind: str
    name: str
    change: Callable[[Situation], None]
    named: tuple[str, ...] = ()  # what a finding must name
    states: tuple[str, ...] = ("page",)


_orders: dict[int, list[int]] = {}
ADDRESSES: dict[str, tuple[int, str]] = {}  # of images and sounds that a page has shown: trial and letter
_reported: dict[str, Trial | None] = {}  # the trial of each person's last problem
_active: list[Plant] = []


def conditions_of(trial: Trial) -> list[int]:
    if trial.pk not in _orders:
        found = dict(Stimulus.objects.filter(pk__in=trial.position_order).values_list("pk", "condition__number"))
        _orders[trial.pk] = [found[pk] for pk in trial.position_order]
    return _orders[trial.pk]


@contextmanager
def planted(*plants: Plant) -> Iterator[None]:
    """Let the server leak in these ways."""
    from django.conf import settings

    _orders.clear()
    ADDRESSES.clear()
    _active[:] = plants
    with override_settings(MIDDLEWARE=["tests.study.blinding_audit.leaking.Leaking", *settings.MIDDLEWARE]):
        try:
            yield
        finally:
            _active.clear()


class Leaking:
    """The middleware: finds out what a request is for, and lets the active plants change the reply."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        asked = request.get_full_path()
        if SECRET_SEGMENT.match(request.path_info):
            request.path_info = request.path = SECRET_SEGMENT.sub("", request.path_info)
        if request.GET.get("go") == "1":
            asked = asked.partition("?")[0]
        answered = self._is_answered(request)
        response = self.get_response(request)
        if response.streaming:
            return response
        situation = self._situation(request, response, asked, answered)
        if situation is not None:
            for plant in _active:
                if situation.state in plant.states:
                    plant.change(situation)
                    response = situation.response
            if not response.streaming and "Content-Length" in response:
                response["Content-Length"] = str(len(response.content))
        return response

    def _is_answered(self, request: Any) -> bool:
        found = re.match(r"/q/(\w+)/trial/(\d+)/", request.path_info)
        return (
            bool(found)
            and Trial.objects.filter(participant__handle=found[1], number=found[2], ballot__isnull=False).exists()
        )

    def _situation(self, request: Any, response: Any, asked: str, answered: bool) -> Situation | None:
        if asked in ADDRESSES or request.path in ADDRESSES:
            trial, letter = ADDRESSES.get(asked) or ADDRESSES[request.path]
            state = "image" if letter else "sound"
            return Situation(request, response, state, Trial.objects.get(pk=trial), letter)
        found = re.match(r"/q/(\w+)/(?:(\w+)/(?:(\d+)/)?)?", request.path)
        if not found:
            return None
        trials = Trial.objects.filter(participant__handle=found[1]).order_by("number")
        if found[2] == "trial":
            trial = trials.filter(number=found[3]).first()
            if trial is None:
                return Situation(request, response, "error", trials.filter(ballot__isnull=True).first(), "")
            page = response.status_code in (200, 422) and b"</html>" in response.content
            if page:
                self._learn_addresses(response.content.decode(), trial)
            request.was_answered = answered
            return Situation(request, response, "page" if page else "reply", trial, "")
        if found[2] == "problem":
            number = re.search(r"\d+", (request.POST or request.GET).get("page", "")) or [None]
            trial = _reported.get(found[1]) if "sent" in request.GET else trials.filter(number=number[0]).first()
            _reported[found[1]] = trial
            return Situation(request, response, "problem", trial, "") if trial else None
        waiting = trials.filter(ballot__isnull=True).first() or trials.last()
        state = found[2] or "resume"
        if state == "m" and response.status_code >= 400:
            state = "error"
        return Situation(request, response, state, waiting, "") if waiting else None

    def _learn_addresses(self, text: str, trial: Trial) -> None:
        for letter, block in zip(LETTERS, image_blocks(text, len(trial.position_order)), strict=False):
            for address in addresses_in(block):
                ADDRESSES[address] = trial.pk, letter
        if sound := re.search(r'<audio[^>]*\ssrc="([^"]+)"', text):
            ADDRESSES[sound[1]] = trial.pk, ""
