"""The env file: what is read is what was written, and what cannot be understood is refused with its line."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config.environment import env_file
from config.environment import values as environment

ROOT = Path(__file__).resolve().parents[3]


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=20).map(str.strip))
def test_a_value_is_read_as_it_was_written_whatever_signs_it_has(value: str) -> None:
    try:
        text = env_file.with_values("# comment\n#A=1\nB=2\n", {"A": value})
    except env_file.EnvFileError:
        assert value[:1] in ("'", '"')  # quotes around the whole would be left out
        return
    assert env_file.parse(text, "f") == {"A": value, "B": "2"}
    assert text.startswith("# comment\nA=")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A=1\nexport B=2", "line 2"),
        ("A =1", "line 1"),
        ("secret", "line 1"),
        ("A=1\nA=2", "A stands there twice"),
    ],
)
def test_a_line_that_is_no_assignment_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(env_file.EnvFileError, match=reason) as refused:
        env_file.parse(text, "earsight.env")
    assert "secret" not in str(refused.value)


def test_a_value_of_two_lines_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(env_file.EnvFileError, match="one line"):
        env_file.with_values("", {"A": "1\nB=2"})


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "earsight.env"
    path.write_text("EARSIGHT_THIS=file\nEARSIGHT_THAT='file '\n")
    monkeypatch.setenv("EARSIGHT_ENV_FILE", str(path))
    monkeypatch.setenv("EARSIGHT_THIS", "environment")
    monkeypatch.setenv("EARSIGHT_THAT", "")
    monkeypatch.delenv("EARSIGHT_THAT")
    environment.read_file()
    assert environment.text("EARSIGHT_THIS", "") == "environment"
    assert environment.text("EARSIGHT_THAT", "") == "file"


def test_a_missing_file_stops_the_start_and_says_what_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSIGHT_ENV_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match=r"none does not exist; `manage\.py setup"):
        environment.read_file()


def test_the_shipped_file_shows_every_documented_setting_and_no_other() -> None:
    shipped = (ROOT / "deploy" / "earsight.env").read_text(encoding="utf-8")
    shown = {line.lstrip("#").partition("=")[0] for line in shipped.splitlines() if line.startswith(("#EARS", "#OPEN"))}
    rows = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    documented = {row.split("`")[1] for row in rows if row.startswith("| `")}
    assert documented - shown == {"EARSIGHT_ENV_FILE"}, "in docs/settings.md, but not in deploy/earsight.env"
    assert shown - documented == set(), "in deploy/earsight.env, but not in docs/settings.md"
    assert env_file.parse(shipped, "shipped") == {}  # defaults are shown, none is set
