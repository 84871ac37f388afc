"""The one reader of YAML that people write: plain data within limits, with the line of each value.

A few lines of YAML can stand for gigabytes (aliases), for hours (nesting, long numbers) or for objects (tags).
Here values are counted as they are composed and again as aliases repeat them, and nothing but plain data is taken.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import yaml
from django.utils.translation import gettext as _

Path = tuple[str | int, ...]
Lines = dict[Path, int]

_CORE = "tag:yaml.org,2002:"
_TEXT, _MERGE = f"{_CORE}str", f"{_CORE}merge"
_SCALARS = frozenset(_CORE + name for name in ("str", "null", "bool", "int", "float", "timestamp", "merge"))
# Numbers, dates and words such as `yes` are short. Python needs minutes for a number of a million digits.
_LONGEST_NUMBER = 60


@dataclass(frozen=True)
class Limits:
    """How much is read: characters, values (keys too; an alias counts as what it repeats), levels of nesting.

    `is_saved`: of a text that an earlier version took, the last of equal keys counts, and numbers may be infinite.
    """

    characters: int
    values: int = 100_000
    levels: int = 20
    is_saved: bool = False


class YamlRefused(ValueError):
    """A text that is no YAML, no plain data, or too much; `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        self.line, self.problem = line, problem
        super().__init__(problem)


def read_yaml(text: str, limits: Limits, *, only_texts: bool = False) -> tuple[Any, Lines]:
    """Return the data of a text, and the line of every value by its path, which is that of its key in a mapping.

    `only_texts`: every scalar is text, so that the answers “No” and “1” stay as they are.

    Raises:
        YamlRefused: with the line of the first fault.
    """
    if len(text) > limits.characters:
        raise YamlRefused(
            1,
            _("%(n)d characters are too many, the limit is %(limit)d; write less.")
            % {"n": len(text), "limit": limits.characters},
        )
    loader = None
    try:
        loader = (_TextLoader if only_texts else _Loader)(text, limits)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", 0)
        line = (mark.line if mark else text.count("\n", 0, position or 0)) + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or _("it cannot be read")
        raise YamlRefused(line, _("not valid YAML (%(why)s); correct it there.") % {"why": why}) from error
    finally:
        if loader:
            loader.dispose()
    reading = _Reading(limits, only_texts)
    return (None if node is None else reading.value(node, (), ())), reading.lines or {(): 1}


class _Loader(yaml.SafeLoader):
    """Composes nodes one by one, so that a text is refused where it goes too far and not after it filled the memory."""

    def __init__(self, text: str, limits: Limits) -> None:
        super().__init__(text)
        self._limits, self._level, self._nodes = limits, 0, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._nodes += 1
        self._level += 1
        if self._nodes > self._limits.values or self._level > self._limits.levels:
            line = self.peek_event().start_mark.line + 1
            raise _too_deep(line) if self._level > self._limits.levels else _too_many(line, self._limits)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


class _TextLoader(_Loader):
    yaml_implicit_resolvers: dict[str, Any] = {}


def _too_many(line: int, limits: Limits) -> YamlRefused:
    return YamlRefused(
        line,
        _("more than %(limit)d values, counting what aliases repeat; write fewer.") % {"limit": limits.values},
    )


def _too_deep(line: int) -> YamlRefused:
    return YamlRefused(line, _("nested too deeply; a few levels are enough."))


class _Reading:
    """Makes values of nodes; `lines` has each value's line."""

    def __init__(self, limits: Limits, only_texts: bool) -> None:
        self._limits, self._only_texts = limits, only_texts
        self._scalars = yaml.constructor.SafeConstructor()
        self._count = 0
        self.lines: Lines = {}

    def value(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> Any:
        line = node.start_mark.line + 1
        self.lines[path] = line
        self._count += 1
        if any(node is other for other in above):
            raise YamlRefused(line, _("an alias contains itself; write the values out."))
        if self._count > self._limits.values:
            raise _too_many(line, self._limits)
        if len(above) >= self._limits.levels:
            raise _too_deep(line)
        above = (*above, node)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_CORE}map":
            return self._mapping(node, path, above)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_CORE}seq":
            return [self.value(item, (*path, index), above) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node, line)
        raise YamlRefused(line, _("%(tag)s is not allowed; use plain lists and mappings.") % {"tag": node.tag[:60]})

    def _mapping(self, node: yaml.MappingNode, path: Path, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, at = self.value(key_node, (*path, "<key>"), above), key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise YamlRefused(at, _("the key %(key)s must be text; put it in quotes.") % {"key": str(key)[:40]})
            if key_node.tag == _MERGE and not self._only_texts:
                merged = self._merged(value_node, path, above) | merged
                continue
            if key in found and not self._limits.is_saved:
                raise YamlRefused(at, _("“%(key)s” is given twice; join the two.") % {"key": key[:40]})
            found[key] = self.value(value_node, (*path, key), above)
            self.lines[(*path, key)] = at
        return merged | found

    def _merged(self, node: yaml.Node, path: Path, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        """Return what `<<` takes over from one mapping or several, of which the first has precedence."""
        value = self.value(node, (*path, "<<"), above)
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            raise YamlRefused(node.start_mark.line + 1, _("<< takes over mappings only; write the values out."))
        return {key: content for part in reversed(parts) for key, content in part.items()}

    def _scalar(self, node: yaml.ScalarNode, line: int) -> Any:
        if self._only_texts or node.tag in (_TEXT, _MERGE):
            return node.value
        try:
            value = self._scalars.construct_object(node) if len(node.value) <= _LONGEST_NUMBER else None
        except Exception:  # PyYAML raises whatever an impossible date or number leads to
            value = None
        is_infinite = isinstance(value, float) and not isfinite(value) and not self._limits.is_saved
        if is_infinite or (value is None and node.tag != f"{_CORE}null"):
            raise YamlRefused(
                line, _("%(value)s cannot be read; put it in quotes if it is text.") % {"value": repr(node.value[:40])}
            )
        return value
