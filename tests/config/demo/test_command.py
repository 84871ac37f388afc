"""The messages of `manage.py demo` about a refused table of tags, and about a folder on which a demo runs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.demo.addresses import Site
from config.demo.lock import OnlyDemo
from config.management.commands.demo import FEW_PROBLEMS, Command, refusal, who_can_open
from study.errors import ImportRefused


def test_a_whole_data_set_s_table_is_refused_with_the_hint_first_and_few_problems() -> None:
    error = ImportRefused([f"row {row}: unknown clip" for row in range(30)], unknown_clips=25_863)
    first, _, *problems, end = refusal(error).splitlines()
    assert first.startswith("25863 rows are about clips that are not in the folder.")
    assert "--skip-unknown" in first
    assert problems == error.problems[:FEW_PROBLEMS]
    assert end == "Nothing was imported."


def test_every_problem_of_a_small_table_is_listed() -> None:
    error = ImportRefused(["row 2: unknown clip", "row 3: no tag"], unknown_clips=1)
    *problems, end, hint = refusal(error).splitlines()
    assert problems == error.problems
    assert end == "Nothing was imported."
    assert "--skip-unknown" in hint


def test_a_table_with_known_clips_gets_no_hint() -> None:
    assert refusal(ImportRefused(["row 3: no tag"])).endswith("Nothing was imported.")


def test_a_second_demo_on_a_folder_says_where_the_first_one_is(tmp_path: Path, settings: Any, monkeypatch: Any) -> None:
    settings.DATA_DIR = tmp_path
    built: list[str] = []
    monkeypatch.setattr(Command, "build", lambda *_arguments: built.append("built"))
    monkeypatch.setattr("signal.signal", lambda *_arguments: None)
    with OnlyDemo(tmp_path) as first:
        with pytest.raises(CommandError, match="already, and is being built"):
            call_command("demo")
        first.tell("http://127.0.0.1:8123")
        with pytest.raises(CommandError, match=r"at http://127\.0\.0\.1:8123/console/"):
            call_command("demo", "--port", "8200")
        (other := tmp_path / "other").mkdir()
        settings.DATA_DIR = other
        call_command("demo")
    settings.DATA_DIR = tmp_path
    call_command("demo")  # the first has ended
    assert built == ["built", "built"]


def test_the_notice_tells_the_widest_circle_of_those_who_can_open_the_demo() -> None:
    home, world = "http://192.168.0.12:8000", "http://8.8.8.8:8000"
    assert who_can_open(Site("http://127.0.0.1:8000")) == ""
    assert "Everybody in the same network" in who_can_open(Site(home))
    assert "Everybody on the internet" in who_can_open(Site(home, (world,)))
