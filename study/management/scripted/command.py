"""The base of commands with verbs, each of which does what a page of the console does: as somebody, with their rights.

`--json` prints one JSON object, also for a refusal: `{"error": sentence}`.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.http import Http404

from study.access import Access, Right, access_or_404
from study.errors import ImportRefused, StudyError
from study.management.command import EarsightCommand, HelpFormatter, refusal
from study.management.scripted.words import in_words
from study.models.log import acting_through
from study.tables.errors import TableRefused

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Argument:
    """One argument of a verb, as argparse takes it."""

    name: str
    options: Mapping[str, Any]


def argument(name: str, words: str, **options: Any) -> Argument:
    """Return an argument with what `--help` says of it."""
    return Argument(name, {"help": words} | options)


@dataclass(frozen=True)
class Verb:
    """One thing that a command does.

    Attributes:
        right: what somebody needs to do it in a study; None: it is about no study, and `run` gets the account.
        change: what they need if values or a file are given, for a verb that prints what is stored without any.
        run: gets the access to the study and the arguments; what it returns is printed.
        does: the addresses of the console that do the same, as `tests/config/addresses.py` names them.
    """

    name: str
    help: str
    right: Right | None
    run: Callable[[Any, Given], dict[str, Any]]
    arguments: Sequence[Argument] = ()
    does: Sequence[str] = ()
    change: Right | None = None


class ScriptedCommand(EarsightCommand):
    """A command of several verbs: `manage.py NOUN VERB SLUG … --as NAME [--json]`."""

    verbs: Sequence[Verb] = ()
    # Errors of the wing with a message that a person can act on, beside those of every wing.
    refusals: tuple[type[Exception], ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = refusal(parser, as_json=_wants_json)  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", help="what to do; VERB --help tells")
        for verb in self.verbs:
            own = verbs.add_parser(verb.name, help=verb.help, description=verb.help, formatter_class=HelpFormatter)
            own.error = refusal(own, as_json=_wants_json)  # type: ignore[method-assign]
            if verb.right is not None:
                own.add_argument("slug", help="the study's short name, as in its address")
            for each in verb.arguments:
                own.add_argument(each.name, **each.options)
            own.add_argument(
                "--as", dest="user", required=True, metavar="NAME", help="the account that does it, with its rights"
            )
            own.add_argument("--json", action="store_true", help="print one JSON object")

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if options.get("json"):
                told = getattr(error, "problems", None)
                content = {"error": str(error)} | ({"problems": told} if told else {})
                (options.get("stdout") or sys.stdout).write(json.dumps(content, ensure_ascii=False) + "\n")
            raise

    def handle(self, *args: Any, verb: str, user: str, json: bool, **given: Any) -> None:
        chosen = next(each for each in self.verbs if each.name == verb)
        try:
            with acting_through("command"):
                found = _done(chosen, user, given)
        except (StudyError, TableRefused, PermissionDenied) as error:
            raise _as_command_error(error) from error
        except self.refusals as error:
            raise _as_command_error(error) from error
        self.stdout.write(_as_json(found) if json else in_words(found))


def _done(verb: Verb, user: str, given: Given) -> dict[str, Any]:
    account = account_named(user)
    if verb.right is None:
        return verb.run(account, given)
    access = _access(account, given["slug"], verb.right)
    if verb.change is not None and (given.get("values") or given.get("file")):
        access.require(verb.change)
    return verb.run(access, given)


def account_named(name: str) -> Any:
    """Return the account that acts.

    Raises:
        StudyError: there is none, or it is not active.
    """
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise StudyError(f"There is no account '{name}' that may sign in; add_researcher makes one.")
    return user


def _access(account: Any, slug: str, right: Right) -> Access:
    try:
        access = access_or_404(account, slug)
    except Http404:
        raise StudyError(f"There is no study '{slug}' on which {account.get_username()} works.") from None
    access.require(right)
    return access


def _as_command_error(error: Exception) -> CommandError:
    refused = CommandError(" ".join(str(error).split()), returncode=2)
    if isinstance(error, ImportRefused):
        refused.problems = error.problems  # type: ignore[attr-defined]
    return refused


def _as_json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, allow_nan=False, indent=2, default=str)


def _wants_json() -> bool:
    return "--json" in sys.argv
