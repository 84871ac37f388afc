"""`manage.py`: its list of commands, and how it ends."""

import os
import sys
import textwrap
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility, get_commands

from config.command_line.groups import GROUPS

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
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # what reads the output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more as it ends
        sys.exit(READER_GONE)
