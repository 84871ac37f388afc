"""Kinds of arguments: what each takes, and the clause by which it refuses everything else."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest

from study.management import arguments as kinds

HUGE = "9" * 400


@pytest.mark.parametrize(
    ("kind", "taken", "refused"),
    [
        (
            kinds.whole_number(1, 100),
            ["1", "100"],
            ["0", "101", "-1", "1.0", "1e2", "nan", "１", "1_0", "0x1", "", HUGE],
        ),
        (kinds.whole_number(), ["0", str(2**63 - 1)], ["-1", str(2**63), HUGE]),
        (kinds.number(0, 1), ["0", "1", "0.5", "1e-3"], ["nan", "inf", "-inf", "-0.1", "1.1", "", "x", "1,5", HUGE]),
        (kinds.number(above=0, most=600), ["0.1", "600"], ["0", "-1", "601"]),
        (kinds.number(), ["-1e300"], ["nan", "1e999"]),
        (
            kinds.web_address,
            ["http://127.0.0.1:8000", "https://earsight.example.org/", "http://[::1]:8000"],
            [
                "nonsense",
                "",
                "ftp://x",
                "http://",
                "http://x:y",
                "http://x:0",
                "http://x:99999",
                "http://[::1",
                "https://a b",
            ],
        ),
    ],
)
def test_numbers_and_addresses(kind: Any, taken: list[str], refused: list[str]) -> None:
    for text in taken:
        kind(text)
    for text in refused:
        with pytest.raises(ArgumentTypeError, match=r"is no (whole )?(number|web address)"):
            kind(text)
    assert kinds.number(0, 1)("0.5") == 0.5
    with pytest.raises(ArgumentTypeError, match=r"'2' is no number from 0 to 1$"):
        kinds.number(0, 1)("2")
    with pytest.raises(ArgumentTypeError, match=r"'0' is no number above 0 to 600$"):
        kinds.number(above=0, most=600)("0")


@pytest.mark.parametrize(
    ("kind", "taken", "refused"),
    [
        (kinds.input_file, ["file"], {"folder": "is a folder", "none": "no such file", "file/x": "no such file"}),
        (kinds.input_folder, ["folder"], {"file": "is a file", "none": "no such folder"}),
        (
            kinds.output_file,
            ["new", "folder/new", "file"],
            {
                "folder": "is a folder",
                "none/new": "the folder none does not exist; create it",
                "file/new": "file does not",
            },
        ),
        (kinds.output_folder, ["new", "folder", "folder/a/b"], {"file": "is a file", "file/x": "file is a file"}),
        (kinds.path_of, ["none"], {}),
    ],
)
def test_paths(kind: Any, taken: list[str], refused: dict[str, str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()
    for text in taken:
        assert kind(text) == Path(text)
    refused = {"": "names no file", "a\0b": "names no file"} | refused
    if kind is not kinds.path_of:
        refused["x" * 5000] = "too long"
    for text, words in refused.items():
        with pytest.raises(ArgumentTypeError, match=words):
            kind(text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]  # nothing is made by looking
