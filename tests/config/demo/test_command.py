"""The message of `manage.py demo` about a refused table of tags."""

from config.management.commands.demo import FEW_PROBLEMS, refusal
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
