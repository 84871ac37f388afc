"""Read plain YAML data with the line of each value."""

from typing import Any

import yaml

from generation.redefinition.errors import RuleError

PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
# Far above any rule file: a larger text could fill the memory before its content is checked.
MAX_CHARACTERS = 1_000_000
MAX_VALUES = 100_000
MAX_LEVELS = 20

Path = tuple[str | int, ...]


def read_with_lines(text: str, source: str) -> tuple[Any, dict[Path, int]]:
    """The data of a YAML text and the line (from 1) of every value, by its path.

    Raises RuleError for text that is not YAML, a key given twice, anything but plain data, and more data than a rule
    file can need (nested aliases multiply).
    """
    if len(text) > MAX_CHARACTERS:
        raise RuleError(f"{source}: {len(text):,} characters are no rule file; the most is {MAX_CHARACTERS:,}.")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError as error:
        raise RuleError(f"{source}: nested too deeply to be a rule file.") from error
    except yaml.YAMLError as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", 0)
        line = (mark.line if mark else text.count("\n", 0, position or 0)) + 1
        place = f", line {line}"
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        raise RuleError(f"{source}{place}: not valid YAML: {problem}.") from error
    if node is None:
        return {}, {(): 1}
    lines: dict[Path, int] = {}
    return _plain(node, (), lines, source, ()), lines


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], source: str, above: tuple[int, ...]) -> Any:
    line = node.start_mark.line + 1
    lines[path] = line
    if id(node) in above:
        raise RuleError(f"{source}, line {line}: an alias contains itself; write the values out.")
    if len(lines) > MAX_VALUES:
        raise RuleError(f"{source}, line {line}: aliases make more than {MAX_VALUES:,} values of it; write fewer.")
    if len(above) >= MAX_LEVELS:
        raise RuleError(f"{source}, line {line}: nested too deeply; rules need no more than a few levels.")
    above = (*above, id(node))
    if not isinstance(node, yaml.ScalarNode) and node.tag not in PLAIN_TAGS:
        raise RuleError(f"{source}, line {line}: {node.tag} is not allowed; use plain lists and mappings.")
    if isinstance(node, yaml.MappingNode):
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _plain(key_node, (*path, "<key>"), lines, source, above)
            at = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise RuleError(f"{source}, line {at}: the key {key!r} must be text; put it in quotes.")
            if key in mapping:
                raise RuleError(f"{source}, line {at}: {key!r} is given twice; join the two.")
            mapping[key] = _plain(value_node, (*path, key), lines, source, above)
            lines[(*path, key)] = at
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, index), lines, source, above) for index, item in enumerate(node.value)]
    try:
        return yaml.SafeLoader("").construct_object(node)
    except yaml.YAMLError as error:
        raise RuleError(f"{source}, line {line}: {node.tag} is not allowed; use plain text.") from error
    except ValueError as error:  # an impossible date or number
        raise RuleError(
            f"{source}, line {line}: {node.value[:40]!r} cannot be read; put it in quotes if it is text."
        ) from error
