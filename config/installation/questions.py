"""What `manage.py setup` has to know, and where it takes each answer from."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from config.environment import values as environment


@dataclass(frozen=True)
class Question:
    """A setting that `setup` asks for.

    `default`: what an empty answer means; None if there must be one. `check`: reads the variable, and raises
    ImproperlyConfigured if its value cannot be used.
    """

    name: str
    option: str
    text: str
    default: str | None
    check: Callable[[str], object]
    is_secret: bool = False


QUESTIONS = (
    Question(
        "EARSIGHT_BASE_URL",
        "address",
        "Address of the site as participants see it, for example https://earsight.example.org",
        None,
        lambda name: environment.web_address(name, "-"),
    ),
    Question(
        "EARSIGHT_DATA",
        "data",
        "Folder for the database, uploads, images and weights",
        "/var/lib/earsight",
        environment.absolute_path,
    ),
    Question(
        "EARSIGHT_DATABASE_URL",
        "database-url",
        "PostgreSQL, as postgres://user:password@host/name (empty: SQLite in the folder)",
        "",
        lambda name: environment.database(name, "sqlite:///x"),
        is_secret=True,
    ),
    Question(
        "EARSIGHT_BROKER_URL",
        "broker-url",
        "Broker, as redis://host:6379/0 (empty: a folder in the folder)",
        "",
        lambda name: environment.broker(name, "filesystem://"),
        is_secret=True,
    ),
    Question(
        "EARSIGHT_EMAIL_URL",
        "email-url",
        "Mail server, as smtp+tls://user:password@host:587 (empty: no mail is sent)",
        "",
        lambda name: environment.mail(name, "consolemail://"),
        is_secret=True,
    ),
    Question(
        "EARSIGHT_EMAIL_FROM", "email-from", "Sender of mails (empty: earsight@localhost)", "", lambda _name: None
    ),
)


def find_answers(
    stored: dict[str, str], options: dict[str, str | None], ask: Callable[[str], str] | None
) -> dict[str, str]:
    """Return the answers that are not yet stored. An option goes before the file, the file before the environment.

    `options`: by the option's name. `ask`: returns what a person types; None if nobody can be asked.

    Raises:
        ImproperlyConfigured: an answer cannot be used, or one is missing and nobody can be asked.
    """
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        name = question.name
        given = options.get(question.option)
        value = given if given is not None else stored.get(name, os.environ.get(name, "").strip() or None)
        if value is None or (not value and question.default != ""):  # empty in the file: not answered
            value = _ask(question, ask)
        else:
            _check(question, value)
        os.environ[name] = value  # for what is checked next, and for the commands that follow
        if value != stored.get(name):
            answers[name] = value
    return answers


def _ask(question: Question, ask: Callable[[str], str] | None) -> str:
    if ask is None:
        if question.default is None:
            raise ImproperlyConfigured(
                f"{question.name} is missing: add --{question.option}, or set it in the environment."
            )
        return question.default
    shown = f" [{question.default}]" if question.default else ""
    while True:
        value = ask(f"{question.text}{shown}: ").strip() or question.default
        if value is None:
            continue
        try:
            _check(question, value)
        except ImproperlyConfigured as error:
            print(error)  # noqa: T201 (the person is at the terminal)
            continue
        return value


def _check(question: Question, value: str) -> None:
    before = os.environ.get(question.name)
    os.environ[question.name] = value
    try:
        if value or question.default is None:
            question.check(question.name)
    finally:
        if before is None:
            del os.environ[question.name]
        else:
            os.environ[question.name] = before
