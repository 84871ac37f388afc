"""The base of our commands: --help ends with examples, and what a person can mend ends with status 2 and a sentence."""

import json
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import DatabaseError, InterfaceError

# The tag of the checks that each command makes. Django's own check the code, and those of addresses load the module of
# every page, which takes as long as a short command: `manage.py check` makes them, and so do the tests.
EVERY_COMMAND = "every command"


class HelpFormatter(DjangoHelpFormatter):
    """Wraps what a command says of itself, but no example: they can be copied as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("Example") else super()._fill_text(text, width, indent)


class EarsightCommand(BaseCommand):
    """A command of ours. `examples`: what follows its name, in lines of a shell; each works as it stands."""

    examples: Sequence[str] = ()
    requires_system_checks: list[str] | tuple[str, ...] = (EVERY_COMMAND,)
    _parser: CommandParser | None = None  # the last that was made: of many verbs, that takes a moment

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        heading = "Examples:" if len(self.examples) > 1 else "Example:"
        lines = [f"  python manage.py {subcommand} {words}".rstrip() for words in self.examples]
        parser = super().create_parser(
            prog_name, subcommand, formatter_class=HelpFormatter, epilog="\n".join([heading, *lines]), **kwargs
        )
        parser.error = refusal(parser)  # type: ignore[method-assign]
        self._parser = parser
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command.

        Raises:
            CommandError: also for a file that cannot be read or written, and a database that cannot be used.
        """
        options |= self._looked_at(options)
        try:
            return super().execute(*args, **options)
        except BrokenPipeError:  # standard output: manage.py ends quietly
            raise
        except OSError as error:
            raise CommandError(os_error_sentence(error), returncode=2) from error
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(_database_sentence(error), returncode=2) from error

    def _looked_at(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that `call_command` was given as text or path, read as those of a command line are."""
        read = {}
        parser = self._parser or self.create_parser("manage.py", type(self).__module__.rpartition(".")[2])
        for action in parser._actions:
            value = options.get(action.dest)
            if callable(action.type) and isinstance(value, str | os.PathLike):
                try:
                    read[action.dest] = action.type(str(value))
                except ArgumentTypeError as error:
                    name = max(action.option_strings, key=len, default=action.dest)
                    raise CommandError(f"{name}: {error}.", returncode=2) from error
        return read


def refusal(parser: CommandParser, *, as_json: Callable[[], bool] = lambda: False) -> Any:
    """Return what the parser does with wrong arguments: one sentence instead of the list of all options.

    Args:
        as_json: whether the sentence is also printed as JSON, for a script that asked for it.
    """

    def refuse(message: str) -> NoReturn:
        text = f"{message.removeprefix('argument ')}. See {parser.prog.strip()} --help."
        if not parser.called_from_command_line:
            raise CommandError(text, returncode=2)
        if as_json():
            sys.stdout.write(json.dumps({"error": text}, ensure_ascii=False) + "\n")
        sys.stderr.write(f"{text}\n")
        sys.exit(2)

    return refuse


def os_error_sentence(error: OSError) -> str:
    """Return an error of the operating system as a sentence that names the file."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."


def _database_sentence(error: Exception) -> str:
    from study.background_work.schema import difference, forget  # needs settings

    forget()
    return difference() or f"The database cannot be used: {str(error).strip().splitlines()[0]}."
