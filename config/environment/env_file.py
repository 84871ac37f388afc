"""The env file of an installation: one `NAME=value` in a line, comments from `#` on.

Earsight reads the file itself, so that the units, the containers and each command understand every value alike:
systemd, shells and container engines differ in what they make of quotes, `$` and `#`.
"""

import re
from pathlib import Path

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_ASSIGNMENT = re.compile(r"(?P<off>#\s?)?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


class EnvFileError(Exception):
    """The file cannot be read, or a line of it is no assignment."""


def parse(text: str, source: str) -> dict[str, str]:
    """Return the values by name. A value is taken as it stands; quotes around the whole of it are left out.

    Raises:
        EnvFileError: a line is neither empty, nor a comment, nor `NAME=value`, or a name stands there twice.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        # The line itself is not repeated: it may hold a password.
        if not equals or not _NAME.fullmatch(name):
            raise EnvFileError(f"{source}, line {number}: write NAME=value, in capitals and without space around =.")
        if name in values:
            raise EnvFileError(f"{source}, line {number}: {name} stands there twice; delete one of the lines.")
        values[name] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def read(path: Path) -> dict[str, str]:
    """Return the values of a file by name.

    Raises:
        EnvFileError: it cannot be read or understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EnvFileError(f"{path} does not exist; `manage.py setup --env-file {path}` makes it.") from None
    except OSError as error:
        raise EnvFileError(f"{path} cannot be read ({error.strerror}); run this as its owner.") from None
    except UnicodeDecodeError:
        raise EnvFileError(f"{path} is not UTF-8; save it as UTF-8.") from None
    return parse(text, str(path))


def with_values(text: str, values: dict[str, str]) -> str:
    """Return the text of a file with these values: in the place of the line, or commented line, of the name, or below.

    Everything else stays as it is.

    Raises:
        EnvFileError: a value would not be read back as it is.
    """
    lines = text.splitlines()
    for name, value in values.items():
        line = f"{name}={value}"
        if parse(line, name) != {name: value}:
            raise EnvFileError(f"{name} must be one line, without space or quotes around it.")
        matches = [(number, _ASSIGNMENT.fullmatch(text)) for number, text in enumerate(lines)]
        places = [(bool(match["off"]), number) for number, match in matches if match and match["name"] == name]
        if places:
            lines[min(places)[1]] = line  # a line that holds goes before one that is commented
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
