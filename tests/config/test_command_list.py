"""The list of commands: `manage.py` alone, README's table, and what each command says of itself."""

import re
import shlex
from argparse import Action
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

from config.command_line.groups import GROUPS
from config.command_line.utility import Utility
from study.management.command import EarsightCommand

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for commands in GROUPS.values() for name in commands]
# Django's own commands, which we changed: their arguments and help are Django's.
OF_DJANGO = ("migrate", "makemessages")
OURS = [name for name in NAMES if name not in OF_DJANGO]
# What examples name: a word that ends like this is a file or folder that the command reads, or writes into.
FILES = r"\.(csv|json|zip|wav|png|yaml|txt|whl|pt|env)$"


def parser_of(name: str) -> Any:
    command = load_command_class(get_commands()[name], name)
    assert isinstance(command, EarsightCommand), name
    return command, command.create_parser("manage.py", name)


def test_every_command_of_ours_is_in_one_group() -> None:
    ours = {name for name, app in get_commands().items() if app in ("study", "generation", "analysis", "config")}
    assert sorted(NAMES) == sorted(ours)


def test_the_list_has_our_commands_by_task_and_djangos_apart() -> None:
    text = Utility(["manage.py"]).main_help_text()
    tasks = re.split(r"\n\n", text)
    assert [part.splitlines()[0] for part in tasks[1:-1]] == list(GROUPS)
    for part, commands in zip(tasks[1:-1], GROUPS.values(), strict=True):
        assert [tuple(row.split(None, 1)) for row in part.splitlines()[1:]] == list(commands.items())
    last = tasks[-1]
    assert last.startswith("Of Django and other libraries")
    assert "collectstatic" in last
    assert not set(NAMES) & set(re.findall(r"\w+", last))
    assert max(map(len, text.splitlines())) <= 120


def test_readme_has_the_same_groups_and_lines() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| `python manage.py …` |")[2].partition("\n\n")[0]
    found: dict[str, dict[str, str]] = {}
    for row in table.splitlines()[2:]:
        _, words, line, _ = row.split("|")
        words, line = words.strip(), re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.strip())
        if words.startswith("**"):
            found[words.strip("*")] = {}
        else:
            found[list(found)[-1]][words.strip("`").split()[0]] = line
    assert found == GROUPS
    assert list(found) == list(GROUPS)


@pytest.mark.parametrize("name", OURS)
def test_the_help_ends_with_examples_that_the_command_takes(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    command, parser = parser_of(name)
    lines = parser.format_help().rstrip().splitlines()
    examples = [f"  python manage.py {name} {words}".rstrip() for words in command.examples]
    assert examples
    assert lines[-len(examples) :] == examples
    assert lines[-len(examples) - 1] in ("Example:", "Examples:")
    assert all(action.help for action in parser._actions), "an argument that nothing explains"
    monkeypatch.chdir(tmp_path)
    for words in map(shlex.split, command.examples):
        for word in words:
            if word.endswith("/") or word.endswith("/store"):
                Path(word).mkdir(parents=True, exist_ok=True)
            elif re.search(FILES, word):
                Path(word).touch()
        parser.parse_args(words)


def takes_anything(action: Action) -> bool:
    """Whether an argument takes numbers and paths without looking at them."""
    return action.type in (int, float, Path)


@pytest.mark.parametrize("name", OURS)
def test_numbers_and_paths_are_looked_at_when_they_are_read(name: str) -> None:
    _command, parser = parser_of(name)
    of_django = {"verbosity"}
    assert [action.dest for action in parser._actions if takes_anything(action) and action.dest not in of_django] == []
