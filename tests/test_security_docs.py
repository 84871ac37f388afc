"""The documents about security name tests, files and headings that exist, and lack no requirement."""

import ast
import pkgutil
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import without

ROOT = Path(__file__).resolve().parent.parent
DOCS = ("asvs", "threat-model", "faults")
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they come before those of level 3.
COUNTS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 "
    "4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 "
    "7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 "
    "11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 "
    "15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2"
)
SECTIONS = {name: int(most) for name, most in (part.split(":") for part in COUNTS.split())}
VERDICTS = {"met", "does not apply", "operator", "not met"}
TEST = re.compile(r"`([\w/.-]+\.py)::(\w+)`")
WITHOUT = re.compile(r"without `([\w.]+)`")
# Words for rows whose test needs no other test as control; docs/faults.md explains them.
CONTROLS = {"in it", "shown", "refusal", "real", "browser"}
FILE = re.compile(r"`([\w./-]+/[\w.-]+\.\w+)`")
DOCUMENT = re.compile(r"docs/([\w-]+\.md)")
HEADING = re.compile(r"(?:docs/)?([\w-]+\.md), “([^”]+)”")
LINK = re.compile(r"\]\(([\w./-]*\.md)?(?:#([\w-]+))?\)")


def text_of(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def rows_of(name: str) -> list[list[str]]:
    """The cells of each row of the document's tables, without headings."""
    lines = [line for line in text_of(name).splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if set(line) <= set("|- ")}
    kept = [line for number, line in enumerate(lines) if number not in heads and not set(line) <= set("|- ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


@cache
def functions_of(file: str) -> set[str]:
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def headings_of(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def faults_of(text: str, folder: Path) -> list[str]:
    """What the text names and does not exist."""
    tests = [f"{file}::{name}" for file, name in TEST.findall(text) if name not in functions_of(file)]
    files = [
        file for file in FILE.findall(text) if not (ROOT / file).is_file() and not (ROOT / "tests" / file).is_file()
    ]
    places = [(file, name) for file, name in HEADING.findall(text)]
    missing = [
        f"{file}, “{name}”"
        for file, name in places
        if not any((at / file).is_file() and name in headings_of(at / file) for at in (ROOT / "docs", ROOT))
    ]
    missing += [file for file in DOCUMENT.findall(text) if not (ROOT / "docs" / file).is_file()]
    links = [link for link in LINK.findall(text) if not _leads_somewhere(*link, folder)]
    return [*tests, *files, *missing, *(f"{file}#{anchor}" for file, anchor in links)]


def _leads_somewhere(file: str, anchor: str, folder: Path) -> bool:
    path = folder / file
    if not file or not path.is_file():
        return not file
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings_of(path)}
    return not anchor or anchor in anchors


@pytest.mark.parametrize("name", DOCS)
def test_what_a_document_names_exists(name: str) -> None:
    assert faults_of(text_of(name), ROOT / "docs") == []


def test_the_security_policy_names_what_exists() -> None:
    assert faults_of((ROOT / "SECURITY.md").read_text(encoding="utf-8"), ROOT) == []


def test_a_name_that_does_not_exist_would_be_noticed() -> None:
    tests = "`config/test_access.py::test_no_such` `config/no_such.py`"
    text = f"{tests} docs/operations.md, “No such” docs/none.md [x](no-such.md#y)"
    assert len(faults_of(text, ROOT / "docs")) == 5


def test_every_requirement_is_there_once_with_a_verdict_and_its_ground() -> None:
    rows = rows_of("asvs")
    assert [row[0] for row in rows] == [f"{name}.{n}" for name, most in SECTIONS.items() for n in range(1, most + 1)]
    for number, level, _asked, verdict, ground in rows:
        assert level in ("1", "2"), number
        assert verdict in VERDICTS, number
        assert len(ground) > 5, number
        if verdict == "operator":
            assert "docs/operations.md" in ground or "SECURITY.md" in ground or "operator" in ground, number
    counted = re.findall(r"^- \*\*([a-z ]+)\*\* \((\d+)\)", text_of("asvs"), re.MULTILINE)
    assert {name: int(count) for name, count in counted} == {
        verdict: sum(row[3] == verdict for row in rows) for verdict in VERDICTS
    }


def control_faults(row: list[str]) -> list[str]:
    """What is wrong with the last column of a row of the faults: how one knows that its test would notice the fault."""
    _fault, _promise, tests, control = row
    if TEST.search(control) or control in CONTROLS or control.startswith("before: "):
        return []
    if (off := WITHOUT.fullmatch(control)) is None:
        return [f"“{control}” is no control"]
    taken = {
        without.TESTS[f"{file}::{name}"][0] for file, name in TEST.findall(tests) if f"{file}::{name}" in without.TESTS
    }
    return [] if off[1] in taken else [f"make controls takes off {sorted(taken)}, not {off[1]}"]


def test_each_fault_has_a_promise_a_test_and_a_control() -> None:
    rows = rows_of("faults")
    assert len(rows) > 120
    for row in rows:
        assert len(row) == 4, row
        assert TEST.search(row[2]), row[0]
        assert control_faults(row) == [], row[0]


def test_a_row_without_a_control_would_be_noticed() -> None:
    for control in ("", "none", "without `no.such`", "without `config.service_faults.responses.response_to`"):
        assert control_faults(["fault", "promise", "`config/test_access.py::test_no_such`", control])


def test_every_protection_that_is_taken_off_exists_and_is_named_in_a_row() -> None:
    named = {found for row in rows_of("faults") for found in WITHOUT.findall(row[3])}
    for test, (target, _value) in without.TESTS.items():
        file, _, name = test.partition("::")
        assert name in functions_of(file), test
        assert pkgutil.resolve_name(resolvable(target)) is not None, target
    assert named <= {target for target, _value in without.TESTS.values()}


def resolvable(target: str) -> str:
    """The dotted name with a colon after its module."""
    parts = target.split(".")
    at = next(n for n in range(len(parts) - 1, 0, -1) if find_spec_or_none(".".join(parts[:n])))
    return f"{'.'.join(parts[:at])}:{'.'.join(parts[at:])}"


def find_spec_or_none(module: str) -> object:
    try:
        return find_spec(module)
    except ModuleNotFoundError:  # its parent is a module without others below it
        return None
