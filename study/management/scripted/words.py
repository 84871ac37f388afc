"""What a verb found, for people: a line for each value, a row for each of a list."""

from collections.abc import Iterator, Mapping
from typing import Any


def in_words(found: Mapping[str, Any]) -> str:
    """Return the sentence under "done" if there is one; then every other value under its name."""
    lines = [str(found["done"])] if "done" in found else []
    lines += [line for name, value in found.items() if name != "done" for line in _lines(name, value)]
    return "\n".join(lines)


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if not value:
            return
        yield f"{name}:"
        yield from (f"  {key}: {_cell(part)}" for key, part in value.items())
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping | list | tuple) for part in value):
        yield f"{name}:"
        for part in value:
            cells = part.values() if isinstance(part, Mapping) else part
            yield "  " + "  ".join(_cell(cell) for cell in cells)
    else:
        yield f"{name}: {_cell(value)}"


def _cell(value: Any) -> str:
    match value:
        case None | "" | [] | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return "; ".join(map(str, value))
        case Mapping():
            return "; ".join(f"{key}={part}" for key, part in value.items())
    return str(value)
