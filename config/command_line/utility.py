"""`manage.py`: its list of commands, and how it ends."""

import os
import sys
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches

from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, ManagementUtility, get_commands

from config.command_line.groups import GROUPS
from config.service_faults.fault import Unavailable

# As a shell gives the status of what a signal ended: SIGINT, SIGPIPE.
INTERRUPTED, READER_GONE = 130, 141


class Utility(ManagementUtility):
    """Django's utility, with our commands by task."""

    def main_help_text(self, commands_only: bool = False) -> str:
        if commands_only:  # for scripts that complete names
            return super().main_help_text(commands_only)
        width = max(len(name) for commands in GROUPS.values() for name in commands)
        lines = [f"Earsight's commands, by task. `{self.prog_name} help COMMAND` explains one, with examples."]
        for task, commands in GROUPS.items():
            lines += ["", task, *(f"  {name:{width}}  {line}" for name, line in commands.items())]
        own = {name for commands in GROUPS.values() for name in commands}
        others = ", ".join(sorted(set(get_commands()) - own))
        lines += [
            "",
            "Of Django and other libraries",
            textwrap.fill(others, 100, initial_indent="  ", subsequent_indent="  "),
        ]
        if self.settings_exception is not None:
            lines += ["", f"The settings cannot be used: {self.settings_exception}"]
        return "\n".join(lines)

    def fetch_command(self, subcommand: str) -> BaseCommand:
        names = get_commands()
        if subcommand not in names and self.settings_exception is None:
            near = get_close_matches(subcommand, names, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            sys.stderr.write(f"There is no command '{subcommand}'; {meant}`{self.prog_name}` alone lists them all.\n")
            sys.exit(2)
        return super().fetch_command(subcommand)


def run(argv: Sequence[str]) -> None:
    """Run the command that the words name. What a person can mend ends with status 2 and a sentence."""
    try:
        try:
            Utility(list(argv)).execute()
        finally:
            sys.stdout.flush()  # here, where a reader that is gone is expected
    except ImproperlyConfigured as error:  # a wrong setting, not a fault in the code
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except Unavailable as refused:  # for a while: on a busy machine a password takes too long to hash
        sys.stderr.write(f"{refused}; run this again in some seconds.\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # what reads the output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more as it ends
        sys.exit(READER_GONE)
