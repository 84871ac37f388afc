"""Visit the survey as one pilot, in every state that its pages can be in, and record everything observed."""

import re
from collections import defaultdict
from collections.abc import Mapping
from html import unescape
from statistics import median_low
from urllib.parse import urlsplit

from study.blinding_audit.devices import FETCH_JSON, FETCH_PAGE, OPEN_PAGE, DeviceBrowser, Headers
from study.blinding_audit.facts import image_blocks, outside_blocks, reply_facts, row_blocks
from study.blinding_audit.probes import MILLISECONDS, ImageProbe, first_address, sound_facts
from study.blinding_audit.tables import VISIT, WHOLE, Record, TrialSeen
from study.instruments.of_study import instrument_of
from study.instruments.questions import Instrument
from study.models import Stimulus, Study, Trial
from study.simulation.plain_answers import answer_by_position, incomplete_answer
from study.simulation.transports import Fields, Reply, Session, follow
from study.simulation.walking import hidden_fields, suitable_answers, walk

# The text of the audit's problem reports, by which it deletes them.
PROBLEM = "A report by the blinding audit, which deletes it."


def crawl(study: Study, person: int, browser: DeviceBrowser, entry_path: str, record: Record, every: int) -> None:
    """Add to `record` everything that one person can observe, from the link to the pages after the end.

    Args:
        every: one main trial of so many is looked at closely; of the others only page and reply are recorded.
    """
    places = {pk: place for place, pk in enumerate(study.conditions.order_by("number").values_list("pk", flat=True))}
    rows = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id")
    condition_of = {pk: places[condition] for pk, condition in rows}
    session = _RecordingSession(browser, record, person, condition_of, every, instrument_of(study))
    walk(session, entry_path, session.choose, answers=suitable_answers(study))
    session.look_back()


class _RecordingSession(Session):
    """A session that records what a participant can observe."""

    browser: DeviceBrowser

    def __init__(
        self,
        browser: DeviceBrowser,
        record: Record,
        person: int,
        condition_of: Mapping[int, int],
        every: int,
        instrument: Instrument,
    ) -> None:
        super().__init__(browser)
        self.record, self.person, self.condition_of, self.every = record, person, condition_of, every
        self.instrument = instrument
        self.trials: dict[int, Trial] = {}
        self.indices: dict[int, int] = {}  # of each trial in the record, by number
        self.times: dict[int, list[float]] = defaultdict(list)  # of each trial's page, in all its states
        self.closely: set[int] = set()  # the numbers of trials that are looked at closely
        self.base = self.own_link = ""
        self.visited: set[str] = set()

    # What `walk` calls

    def get(self, path: str) -> Reply:
        return self._note_visit(self._send("GET", path))

    def post(self, path: str, data: Fields) -> Reply:
        number = _number_of(path)
        if number is None:
            return self._note_visit(self._send("POST", path, data))
        replies = [self._send("POST", path, data, FETCH_JSON) for _ in range(2 if number in self.closely else 1)]
        self._note("reply", number, replies[0], [reply.milliseconds for reply in replies])
        reply = self._send("POST", path, data)
        self._note("reply without script", number, reply.redirects[0] if reply.redirects else reply)
        if number in self.closely:
            blocks = self._note_page("page seen again", number, self._send("GET", path))
            self._probe(number).fetch_once(blocks, "image seen again")
            taken = [(MILLISECONDS, f"{median_low(self.times[number]):.3f}")]
            self.record.table(self._kind("page, time", number)).add((self.indices[number], WHOLE), taken)
        return self._note_visit(reply)

    def choose(self, page: Reply) -> Fields:
        """Record a trial in its states before the answer, and give an answer that depends on positions alone."""
        number = _number_of(page.path)
        assert number is not None
        self._read_trials(page)
        trial = self.trials[number]
        blocks = self._note_page("page", number, page)
        if number in self.closely:
            self._note_page("page fetched", number, self._send("GET", page.path, None, FETCH_PAGE))
            probe = self._probe(number)
            probe.fetch(blocks)
            self.record.table(self._kind("sound", number)).add(
                (self.indices[number], WHOLE), sound_facts(self.browser, page.text)
            )
            self._refuse(page, number, len(blocks))
            self._look_beside(page, number, blocks)
            self._look_ahead(number + 1)
        return answer_by_position(self.instrument, len(blocks), trial.expected)

    def look_back(self) -> None:
        """Visit what is left after the end: the way back, the trials, the other pages."""
        for name, method, path in (
            ("resuming after the end", "GET", self.base),
            ("own link after the end", "GET", self.own_link),
            ("trial after the end", "GET", f"{self.base}trial/1/"),
            ("answer after the end", "POST", f"{self.base}trial/1/"),
            ("review after the end", "GET", f"{self.base}review/"),
            ("page of erasing by receipt", "GET", "/withdraw/"),
            ("language chosen", "POST", f"{self.base}language/"),
        ):
            data = {"language": self.browser.profile.language, "next": "/"} if method == "POST" else None
            if path:
                self.record.table(name).add((self.person, VISIT), reply_facts(self._send(method, path, data)))

    # States of a trial

    def _refuse(self, page: Reply, number: int, images: int) -> None:
        """Send an answer that cannot be stored, by turns with and without script."""
        wrong: Fields = hidden_fields(page.text) | incomplete_answer(self.instrument, images)
        if (number + self.person) % 2:
            self._note("reply refused", number, self._send("POST", page.path, wrong, FETCH_JSON))
        else:
            blocks = self._note_page("page refused", number, self._send("POST", page.path, wrong))
            self._probe(number).fetch_once(blocks[:1], "image after a refusal")

    def _look_ahead(self, number: int) -> None:
        """Fetch the next trial and its images before it is due, as the page's script does."""
        if number not in self.trials or (number == 1 and 0 in self.trials):  # nothing may be opened beyond the practice
            return
        reply = self._send("GET", f"{self.base}trial/{number}/", None, FETCH_PAGE)
        if _number_of(reply.path) == number:
            self._probe(number).fetch_once(self._note_page("page ahead", number, reply), "image ahead")

    def _look_beside(self, page: Reply, number: int, blocks: list[str]) -> None:
        """Record the pages beside a trial and the errors of addresses that no page links to, a part at a time."""
        turn = number + self.person
        token = hidden_fields(page.text).get("csrfmiddlewaretoken", "")
        first, label = first_address(blocks[0]), f"trial {number}"
        folder = first.partition("?")[0].rpartition("/")[0]
        if turn % 3 == 0:
            self._probe(number).ask_unusually(blocks, self.person)
            asked: tuple[tuple[str, str, str, Mapping[str, str] | None], ...] = (
                ("error: wrong image", "GET", f"{folder}/{'ABCDEFG'[len(blocks)]}", None),
                ("error: folder", "GET", f"{folder}/", None),
                ("error: longer address", "GET", f"{first}x", None),
                ("error: wrong trial", "GET", f"{self.base}trial/9999/", None),
            )
        elif turn % 3 == 1:
            asked = (
                ("page of problems", "GET", f"{self.base}problem/?page={label.replace(' ', '%20')}", None),
                ("problem refused", "POST", f"{self.base}problem/", {"page": label, "text": ""}),
                ("problem sent", "POST", f"{self.base}problem/", {"page": label, "text": PROBLEM}),
                ("reply to a problem", "GET", f"{self.base}problem/?sent", None),
                ("error: trial deleted", "DELETE", page.path, None),
            )
        else:
            asked = (
                ("page of withdrawing", "GET", f"{self.base}withdraw/", None),
                ("resuming", "GET", self.base, None),
                ("reply to events", "POST", f"{self.base}events/", {"events": "[]"}),
                ("trial, HEAD", "HEAD", page.path, None),
                ("own link", "GET", self.own_link, None),
            )
        for kind, method, path, data in asked:
            sent = None if data is None else {**data, "csrfmiddlewaretoken": token}
            if path:
                self._note(kind, number, self.browser.send(method, path, sent, OPEN_PAGE))
        if turn % 3 == 0:  # without a cookie, as somebody to whom an address was sent
            for kind, path in (("error: page without cookie", page.path), ("error: image without cookie", first)):
                self._note(kind, number, self.browser.send("GET", path, None, OPEN_PAGE | {"cookie": ""}))

    # Recording

    def _send(self, method: str, path: str, data: Fields | None = None, headers: Headers = OPEN_PAGE) -> Reply:
        return follow(self.browser, method, path, data, **headers)

    def _probe(self, number: int) -> ImageProbe:
        return ImageProbe(self.browser, self.record, self.indices[number])

    def _kind(self, name: str, number: int) -> str:
        kind = self.trials[number].kind
        return name if kind == Trial.Kind.MAIN else f"{name} of a trial for {kind}"

    def _note(self, name: str, number: int, reply: Reply, times: list[float] | None = None) -> None:
        facts = [*reply_facts(reply), (MILLISECONDS, f"{median_low(times or [reply.milliseconds]):.3f}")]
        self.record.table(self._kind(name, number)).add((self.indices[number], WHOLE), facts)

    def _note_page(self, name: str, number: int, page: Reply) -> list[str]:
        """Record a trial page, its images' parts by themselves; return these parts."""
        self.times[number].append(page.milliseconds)
        blocks = image_blocks(page.text, len(self.trials[number].position_order))
        rows = row_blocks(page.text, blocks)
        probe = self._probe(number)
        probe.look_at(blocks, name)
        for place, row in enumerate(rows, 1):
            probe.look_at(row, f"{name}, row {place}")
        sent = "\n".join(f"{header}: {value}" for header, value in page.headers) + page.text
        probe.look_for_order(sent, blocks, name)
        outside = outside_blocks(page.text, [*blocks, *(block for row in rows for block in row)])
        facts = [*reply_facts(page, outside), (MILLISECONDS, f"{page.milliseconds:.3f}")]
        self.record.table(self._kind(name, number)).add((self.indices[number], WHOLE), facts)
        return blocks

    def _note_visit(self, reply: Reply) -> Reply:
        """Record a page that belongs to the whole visit."""
        parts = reply.path.strip("/").split("/")
        if _number_of(reply.path) is None:
            name = " ".join(parts[2:]) if parts[0] == "q" and len(parts) > 2 else "the way in"
            name = f"{name}, again" if name in self.visited else name
            self.visited.add(name)
            self.record.table(f"visit: {name}").add((self.person, VISIT), reply_facts(reply))
        return reply

    def _read_trials(self, page: Reply) -> None:
        """Add this person's trials to the record, once they have any."""
        link = re.search(r'class="own-link" href="([^"]+)"', page.text)
        if link:
            self.own_link = urlsplit(unescape(link.group(1))).path
        if self.trials:
            return
        handle = page.path.strip("/").split("/")[1]
        self.base = f"/q/{handle}/"
        main = 0
        for trial in Trial.objects.filter(participant__handle=handle).order_by("number"):
            self.trials[trial.number] = trial
            self.indices[trial.number] = len(self.record.trials)
            main += trial.kind == Trial.Kind.MAIN
            if trial.kind != Trial.Kind.MAIN or (main + self.person) % self.every == 0:
                self.closely.add(trial.number)
            conditions = tuple(self.condition_of[pk] for pk in trial.position_order)
            language = self.browser.profile.language
            self.record.trials.append(TrialSeen(self.person, trial.number, trial.clip_id, language, conditions))


def _number_of(path: str) -> int | None:
    found = re.search(r"/trial/(\d+)/", path)
    return int(found.group(1)) if found else None
