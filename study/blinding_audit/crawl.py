"""Walk the survey as one pilot and record everything that a participant can observe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from study.blinding_audit.observations import Observation, block_of, facts_of, without_blocks
from study.blinding_audit.probes import note_ranks, probe_image, probe_sound
from study.blinding_audit.tokens import layout_digest, tokens_of, words_of
from study.design import LETTERS
from study.models import Stimulus, Study, Trial
from study.simulation.transports import Browser, Reply, Session, follow
from study.simulation.walking import SurveyBroken, suitable_answers, walk


@dataclass(frozen=True)
class Document:
    """A page or reply as one person received it; `trial` is None if it belongs to the whole visit."""

    person: int
    trial: int | None
    what: str
    reply: Reply
    body: str


@dataclass
class CrawlRecord:
    """Everything that one person observed."""

    observations: list[Observation] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


def crawl(
    study: Study, person: int, browser: Browser, entry_path: str, trials: int, stop_after: int | None
) -> CrawlRecord:
    """Return everything one person can observe about the images of the first `trials` main trials.

    Args:
        stop_after: how many answers the person gives; None continues to the thanks page.
    """
    session = _RecordingSession(person, browser, trials)
    walk(session, entry_path, session.choose, stop_after=stop_after, answers=suitable_answers(study))
    return session.crawled


class _RecordingSession(Session):
    """A session that records what a participant can observe."""

    def __init__(self, person: int, browser: Browser, trials: int) -> None:
        super().__init__(browser)
        self.person, self.trials = person, trials
        self.crawled = CrawlRecord()
        self.probed: list[int] = []  # numbers of the trials with probed images

    def get(self, path: str) -> Reply:
        return self._recorded(super().get(path))

    def post(self, path: str, data: Mapping[str, str]) -> Reply:
        number = _number_of(path)
        if number in self.probed:
            reply = follow(self.browser, "POST", path, data, accept="application/json")
            self._keep_document(number, "reply", reply)
        reply = super().post(path, data)
        if number in self.probed and reply.redirects:
            self._keep_document(number, "reply without script", reply.redirects[0])
        return self._recorded(reply)

    def _keep_document(self, trial: int | None, what: str, reply: Reply, body: str | None = None) -> None:
        document = Document(self.person, trial, what, reply, reply.text if body is None else body)
        self.crawled.documents.append(document)

    def _recorded(self, reply: Reply) -> Reply:
        path = reply.path
        step = path.strip("/").split("/")[2] if path.startswith("/q/") and path.count("/") > 3 else "the way in"
        if step != "trial":
            self._keep_document(None, step, reply)
        return reply

    def choose(self, page: Reply) -> dict[str, str]:
        """Probe the trial's images if enough trials have not been probed yet; choose the first two images."""
        _, handle, _, number = page.path.strip("/").split("/")
        trial = Trial.objects.select_related("clip").get(participant__handle=handle, number=int(number))
        if trial.kind == Trial.Kind.MAIN and len(self.probed) < self.trials:
            self.probed.append(trial.number)
            self._probe_trial(trial, page)
        return trial.expected or {"first": "A", "second": "B"}

    def _probe_trial(self, trial: Trial, page: Reply) -> None:
        conditions = dict(Stimulus.objects.filter(pk__in=trial.position_order).values_list("pk", "condition_id"))
        observations = [
            Observation(self.person, trial.number, trial.clip_id, conditions[pk], letter)
            for pk, letter in zip(trial.position_order, LETTERS, strict=False)
        ]
        urls = _image_urls(page.text, len(observations))
        headers = "\n".join(f"{name}: {value}" for name, value in page.headers)
        for observation, url in zip(observations, urls, strict=True):
            _note_block(observation, block_of(page.text, observation.letter), url)
            probe_image(observation, self.browser, url, closely=len(self.probed) == 1)
            _note_mentions(observation, headers + page.text, url, urls)
            self._probe_block_links(observation, page.text, urls)
        probe_sound(observations, self.browser, page.text)
        note_ranks(observations)
        self.crawled.observations += observations
        self._keep_document(trial.number, "page", page, without_blocks(page.text))
        if len(self.probed) == 1:
            self._probe_other_addresses(trial, page, urls)

    def _probe_block_links(self, observation: Observation, source: str, urls: list[str]) -> None:
        """Probe what else an image's part of the page links to."""
        block = block_of(source, observation.letter)
        found = {unescape(url) for url in re.findall(r'(?:href|src|data-[\w-]+)="(/[^"]+)"', block)}
        for url in sorted(found - set(urls))[:3]:
            probe_image(observation, self.browser, url, closely=False, name="beside the image")

    def _probe_other_addresses(self, trial: Trial, page: Reply, urls: list[str]) -> None:
        """Keep the replies of addresses that no page links to, and of pages beside the trial."""
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
            self._keep_document(trial.number, what, reply)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.text)
        events = {"events": "[]", "csrfmiddlewaretoken": token.group(1) if token else ""}
        self._keep_document(trial.number, "reply to events", self.browser.send("POST", f"{base}events/", events, {}))


def _number_of(path: str) -> int | None:
    found = re.search(r"/trial/(\d+)/", path)
    return int(found.group(1)) if found else None


def _image_urls(source: str, count: int) -> list[str]:
    """Return the images' addresses in the order of letters."""
    urls = []
    for letter in LETTERS[:count]:
        found = re.search(r"<img[^>]*?\ssrc=[\"']?([^\"'\s>]+)", block_of(source, letter))
        if found is None:
            raise SurveyBroken(f"Image {letter} of the trial page has no address.")
        urls.append(unescape(found.group(1)))
    return urls


def _note_block(observation: Observation, block: str, url: str) -> None:
    facts = facts_of(block)
    for tag, name, value in facts:
        observation.note(f"page, image's part: {tag} {name}".strip(), *tokens_of(value))
    observation.note("page, image's part: layout", layout_digest(block))
    # The source without what has to differ: order of attributes, quotes, capitals and blanks could reveal too.
    plain = re.sub(rf"\b{observation.letter}\b", "*", block.replace(url, "@"))
    observation.note("page, image's part: source", *tokens_of(plain)[:1])
    observation.note("page, image's part: elements", ",".join(f"{tag} {name}" for tag, name, _ in facts))
    observation.note("address: words", *words_of(url), *(f"{k}:{word}" for k, word in enumerate(words_of(url))))
    observation.note("address: form", re.sub(r"[0-9a-z]", "x", re.sub(r"[A-Z]", "X", url)))


def _note_mentions(observation: Observation, source: str, url: str, urls: list[str]) -> None:
    """Note the load order: the rank of an image's first and last mention in the page, and the number of mentions."""
    finders: tuple[tuple[str, Any], ...] = (("first", source.find), ("last", source.rfind))
    for name, find in finders:
        observation.note(f"load order: {name} mention", sorted(urls, key=find).index(url))
    observation.note("load order: mentions", source.count(url))
