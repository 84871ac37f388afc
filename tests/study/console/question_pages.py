"""The pages of a draft's questions, for their tests."""

from typing import Any

from django.test import Client
from django.urls import reverse

from study.console.forms.versions import VERSION
from study.models import Study
from study.participants.question_writing import question_set_yaml
from study.participants.questions import load_question_set
from study.setup import question_editing
from tests.config.fuzz.page_forms import form_in
from tests.study.participants.question_kinds import EVERY_KIND

OWN_LAYOUT = question_set_yaml(load_question_set(EVERY_KIND)).strip()


class Page:
    """The pages of a draft's questions, used as a browser without script does."""

    def __init__(self, browser: Client, study: Study) -> None:
        self.browser, self.study = browser, study

    def url(self, name: str = "study_questions", *arguments: str) -> str:
        return reverse(name, args=[self.study.slug, *arguments])

    def get(self, name: str = "study_questions", *arguments: str) -> str:
        return self.browser.get(self.url(name, *arguments)).text

    def post(self, data: dict[str, Any], name: str = "study_questions", *arguments: str) -> Any:
        return self.browser.post(self.url(name, *arguments), data, follow=True)

    def fields(self, name: str, *arguments: str) -> dict[str, Any]:
        """What stands in the form of a question."""
        return fields_in(self.get(name, *arguments), self.url(name, *arguments))

    def do(self, what: str, part: str = "before") -> Any:
        return self.post({"do": what}, "questions_change", part)

    @property
    def questions(self) -> list[Any]:
        self.study.refresh_from_db()
        found = question_editing.stored_set(self.study, "before")
        return list(found.questions) if found else []


def fields_in(text: str, url: str) -> dict[str, str]:
    """What a browser sends of the question's form, if nobody changes it."""
    sent = form_in(url, text, VERSION).sent()
    return {name: values[0] for name, values in sent.items() if values}
