"""Walks the survey as one person and writes down everything that can be observed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from study.blinding_audit.pictures import look_at, note_ranks, note_sound
from study.blinding_audit.sights import Sight, block_of, facts_of, without_blocks
from study.blinding_audit.words import layout, readings, words_of
from study.design import LETTERS
from study.models import Stimulus, Study, Trial
from study.simulation.transports import Browser, Reply, Session, follow
from study.simulation.walking import SurveyBroken, suitable_answers, walk


@dataclass(frozen=True)
class Document:
    """A page or reply as a person met it; `trial` is None where it belongs to the whole visit."""

    person: int
    trial: int | None
    what: str
    reply: Reply
    body: str


@dataclass
class Notes:
    """What one person saw."""

    sights: list[Sight] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


def watch(study: Study, person: int, browser: Browser, way_in: str, trials: int, stop_after: int | None) -> Notes:
    """Everything one person can observe about the images of the first `trials` main trials.

    Args:
        stop_after: how many answers the person gives; None goes through to the thanks page.
    """
    visit = _Visit(person, browser, trials)
    walk(visit, way_in, visit.choose, stop_after=stop_after, answers=suitable_answers(study))
    return visit.notes


class _Visit(Session):
    """A session that records what a participant can observe."""

    def __init__(self, person: int, browser: Browser, trials: int) -> None:
        super().__init__(browser)
        self.person, self.trials = person, trials
        self.notes = Notes()
        self.looked: list[int] = []  # the numbers of the trials whose images were looked at

    def get(self, path: str) -> Reply:
        return self._recorded(super().get(path))

    def post(self, path: str, data: Mapping[str, str]) -> Reply:
        number = _number_of(path)
        if number in self.looked:
            reply = follow(self.browser, "POST", path, data, accept="application/json")
            self._keep(number, "reply", reply)
        reply = super().post(path, data)
        if number in self.looked and reply.redirects:
            self._keep(number, "reply without script", reply.redirects[0])
        return self._recorded(reply)

    def _keep(self, trial: int | None, what: str, reply: Reply, body: str | None = None) -> None:
        document = Document(self.person, trial, what, reply, reply.text if body is None else body)
        self.notes.documents.append(document)

    def _recorded(self, reply: Reply) -> Reply:
        path = reply.path
        step = path.strip("/").split("/")[2] if path.startswith("/q/") and path.count("/") > 3 else "the way in"
        if step != "trial":
            self._keep(None, step, reply)
        return reply

    def choose(self, page: Reply) -> dict[str, str]:
        """Looks at the images of a trial, as long as there are some to look at, and takes the first two."""
        _, handle, _, number = page.path.strip("/").split("/")
        trial = Trial.objects.select_related("clip").get(participant__handle=handle, number=int(number))
        if trial.kind == Trial.Kind.MAIN and len(self.looked) < self.trials:
            self.looked.append(trial.number)
            self._look(trial, page)
        return trial.expected or {"first": "A", "second": "B"}

    def _look(self, trial: Trial, page: Reply) -> None:
        conditions = dict(Stimulus.objects.filter(pk__in=trial.position_order).values_list("pk", "condition_id"))
        sights = [
            Sight(self.person, trial.number, trial.clip_id, conditions[pk], letter)
            for pk, letter in zip(trial.position_order, LETTERS, strict=False)
        ]
        urls = _image_urls(page.text, len(sights))
        headers = "\n".join(f"{name}: {value}" for name, value in page.headers)
        for sight, url in zip(sights, urls, strict=True):
            _note_block(sight, block_of(page.text, sight.letter), url)
            look_at(sight, self.browser, url, closely=len(self.looked) == 1)
            _note_mentions(sight, headers + page.text, url, urls)
            self._note_other_addresses(sight, page.text, urls)
        note_sound(sights, self.browser, page.text)
        note_ranks(sights)
        self.notes.sights += sights
        self._keep(trial.number, "page", page, without_blocks(page.text))
        if len(self.looked) == 1:
            self._look_beside(trial, page, urls)

    def _note_other_addresses(self, sight: Sight, source: str, urls: list[str]) -> None:
        """What else an image's part of the page leads to."""
        block = block_of(source, sight.letter)
        found = {unescape(url) for url in re.findall(r'(?:href|src|data-[\w-]+)="(/[^"]+)"', block)}
        for url in sorted(found - set(urls))[:3]:
            look_at(sight, self.browser, url, closely=False, name="beside the image")

    def _look_beside(self, trial: Trial, page: Reply, urls: list[str]) -> None:
        """Addresses that nobody leads to, and those beside the trial: their answers are read as well."""
        base = page.path.partition("trial/")[0]
        folder, _, _letter = urls[0].rpartition("/")
        for what, method, path in (
            ("answer to a wrong letter", "GET", f"{folder}/{'ABCDEFG'[len(urls)]}"),
            ("answer to no letter", "GET", f"{folder}/"),
            ("answer to a wrong key", "GET", f"{base}m/{'0' * 22}/A"),
            ("answer to a wrong trial", "GET", f"{base}trial/9999/"),
            ("answer to a post", "POST", urls[0]),
            ("options", "OPTIONS", urls[0]),
            ("page of problems", "GET", f"{base}problem/?page=trial%20{trial.number}"),
            ("page of withdrawing", "GET", f"{base}withdraw/"),
        ):
            reply = self.browser.send(method, path, {} if method == "POST" else None, {"accept": "text/html"})
            self._keep(trial.number, what, reply)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.text)
        events = {"events": "[]", "csrfmiddlewaretoken": token.group(1) if token else ""}
        self._keep(trial.number, "reply to events", self.browser.send("POST", f"{base}events/", events, {}))


def _number_of(path: str) -> int | None:
    found = re.search(r"/trial/(\d+)/", path)
    return int(found.group(1)) if found else None


def _image_urls(source: str, count: int) -> list[str]:
    """The images' addresses by letter, as the page's blocks name them."""
    urls = []
    for letter in LETTERS[:count]:
        found = re.search(r"<img[^>]*?\ssrc=[\"']?([^\"'\s>]+)", block_of(source, letter))
        if found is None:
            raise SurveyBroken(f"Image {letter} of the trial page has no address.")
        urls.append(unescape(found.group(1)))
    return urls


def _note_block(sight: Sight, block: str, url: str) -> None:
    facts = facts_of(block)
    for tag, name, value in facts:
        sight.note(f"page, image's part: {tag} {name}".strip(), *readings(value))
    sight.note("page, image's part: layout", layout(block))
    # As it is written, with what has to differ taken out: order, quotes, capitals and spaces.
    plain = re.sub(rf"\b{sight.letter}\b", "*", block.replace(url, "@"))
    sight.note("page, image's part: source", *readings(plain)[:1])
    sight.note("page, image's part: elements", ",".join(f"{tag} {name}" for tag, name, _ in facts))
    sight.note("address: words", *words_of(url), *(f"{k}:{word}" for k, word in enumerate(words_of(url))))
    sight.note("address: form", re.sub(r"[0-9a-z]", "x", re.sub(r"[A-Z]", "X", url)))


def _note_mentions(sight: Sight, source: str, url: str, urls: list[str]) -> None:
    """Load order: where an image's address first and last stands among all of them, and how often."""
    finders: tuple[tuple[str, Any], ...] = (("first", source.find), ("last", source.rfind))
    for name, find in finders:
        sight.note(f"load order: {name} mention", sorted(urls, key=find).index(url))
    sight.note("load order: mentions", source.count(url))
