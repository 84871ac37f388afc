"""Every screenshot of the docs is taken by their script, and every one that it takes is there and shown."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHOWN = re.compile(r"screenshots/([\w-]+)\.webp")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("take_screenshots", DOCS / "take_screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_takes_every_screenshot_that_is_stored_and_no_other(script: ModuleType) -> None:
    assert script.all_names() == {path.stem for path in script.OUT.iterdir()}


def test_the_docs_show_every_screenshot_and_no_other(script: ModuleType) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (*DOCS.glob("*.md"), DOCS.parent / "README.md")]
    assert {name for text in texts for name in SHOWN.findall(text)} == script.all_names()


def test_the_page_of_all_screenshots_is_as_the_script_writes_it(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(script, "ROOT", tmp_path)
    script.write_page()
    written = (tmp_path / "docs" / "screenshots.md").read_text(encoding="utf-8")
    assert written == (DOCS / "screenshots.md").read_text(encoding="utf-8")
