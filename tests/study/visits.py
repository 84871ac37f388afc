"""A participant's browser for tests: enters a study and goes to a page by the forms of the pages."""

import re

from django.test import Client

from study.models import Participant, Study
from study.participants.tokens import accept_token
from study.simulation.walking import hidden_fields


class Visit:
    """A participant who entered by the open link, with `query` after it; `browser` is one that somebody has used."""

    def __init__(self, study: Study, query: str = "", *, browser: Client | None = None, **client) -> None:
        self.client = browser or Client(**client)
        self.entry_url = f"/s/{study.open_link_token}/{query}"
        page = self.client.get(self.entry_url)
        assert page.status_code == 200, page.content
        key = hidden_fields(page.content.decode())["key"]
        self.token = accept_token(key)
        landed = self.client.post(self.entry_url, {"key": key})
        assert landed.status_code == 303, landed.content
        self.base = landed.headers["Location"]

    @property
    def participant(self) -> Participant:
        return Participant.objects.select_related("study").get(handle=self.base.split("/")[2])

    def url(self, path: str) -> str:
        return self.base + path

    def get(self, path: str, **headers):
        return self.client.get(self.url(path), headers=headers)

    def post(self, path: str, data: dict | None = None, **headers):
        return self.client.post(self.url(path), data or {}, headers=headers)

    def to_trials(self) -> "Visit":
        """Past consent, sound check and instructions."""
        self.post("consent/", {"agree": "on"})
        self.post("sound/", {"heard": "yes"})
        self.post("instructions/")
        return self

    def open(self, number: int, *, images: bool = True, sound: bool = True) -> str:
        """Load a trial's page as a browser does, with its images and its sound; return the page."""
        page = self.get(f"trial/{number}/").content.decode()
        for address in re.findall(r'<img src="([^"]+)"', page) if images else ():
            assert self.client.get(address).status_code == 200
        for address in re.findall(r'<audio[^>]* src="([^"]+)"', page) if sound else ():
            assert self.client.get(address).status_code == 200
        return page

    def answer(self, number: int, first: str = "A", second: str = "B", **more):
        return self.post(f"trial/{number}/", {"first": first, "second": second, **more})

    def answer_all(self) -> "Visit":
        for number in self.participant.trials.values_list("number", flat=True):
            self.answer(number)
        return self

    def finish(self) -> Participant:
        self.answer_all()
        self.post("review/")
        return self.participant
