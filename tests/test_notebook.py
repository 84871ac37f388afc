"""The notebook of docs goes the whole way over a server's pages, and its stored outputs tell no secret."""

import contextlib
import importlib.util
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from config.command_line import utility
from tests.factories import UserFactory

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebook"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_notebook", FOLDER / "run_notebook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "earsight.ipynb").read_text(encoding="utf-8"))
    return found


def in_this_process(words: list[str], *, cwd: Path, capture_output: bool, text: bool) -> Any:
    """Do what `subprocess.run` does for `python manage.py …`, without starting Python for each command."""
    assert words[:2] == [sys.executable, "manage.py"]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", words[1:]),  # which a refusal looks into
    ):
        try:
            utility.run(words[1:])
        except SystemExit as end:
            code = int(end.code or 0)
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.mark.django_db(transaction=True)
def test_the_notebook_makes_rehearses_and_reads_a_study(
    runner: ModuleType, tmp_path: Path, musicnn_folder: Path, live_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make notebook` runs the same cells against an installation of their own."""
    notebook = stored()
    UserFactory(username="mina")
    monkeypatch.setattr(subprocess, "run", in_this_process)
    (tmp_path / "weights").symlink_to(musicnn_folder)
    runner.write_sounds(tmp_path / "sounds")
    environment = runner.for_cells(tmp_path / "sounds", live_server.url) | {"EARSIGHT_DATA": str(tmp_path)}
    names = runner.run_cells(notebook, environment)
    assert names["monitor"]["completed"] == 20
    assert names["monitor"]["ballots"] == len(names["ballots"]) == 40
    assert sum(row["first"] for row in names["found"]["scores"].values()) == 40
    assert names["refused"].returncode == 2
    assert names["sealed"]["status"] == 409
    # A reader finds stored what the cells give now: a table where there is a table, a figure where there is one.
    kinds = [[sorted(output.get("data", ())) for output in cell["outputs"]] for cell in code_cells(notebook)]
    assert kinds == [[sorted(output.get("data", ())) for output in cell["outputs"]] for cell in code_cells(stored())]
    assert ["image/svg+xml", "text/plain"] in [kind for cell in kinds for kind in cell]


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_stored_outputs_hold_no_token_and_no_path_of_a_machine() -> None:
    text = json.dumps([cell["outputs"] for cell in code_cells(stored())])
    assert "columns" in text or "dataframe" in text
    assert not re.search(r"earsight_[A-Za-z0-9_-]{16}|/(?:home|tmp|work|root|Users)/|Traceback", text)
    assert not re.search(r"127\\.0\\.0\\.1:(?!8000)", text)
