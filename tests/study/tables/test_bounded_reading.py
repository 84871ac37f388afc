"""What an upload does to its reader, it does to a child; what it is refused for comes back in words."""

import logging

import pytest

from study.errors import ImportRefused
from study.tables.bounded_reading import read_bounded
from study.tables.errors import EncodingUnclear, TableRefused
from tests.study.tables.hostile_functions import OwnError, do


def read(what, path=None, **options):
    return read_bounded(do, path, "t.csv", what=what, **options)


def test_an_upload_is_read_from_its_file_and_a_long_text_comes_back_whole(tmp_path):
    path = tmp_path / "upload"
    path.write_text("é" * 1000)
    assert read("", path) == {"size": 2000, "text": "é" * 2000}


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("take memory", TableRefused, r"^t\.csv: reading it needs more than 1500 MB of memory; keep only"),
        ("take time", TableRefused, r"^t\.csv: reading it takes more than 1 seconds; keep only"),
        ("fail", TableRefused, r"^t\.csv: the file cannot be read; save it again"),
        ("refuse", ImportRefused, "^first second$"),
        ("ask", EncodingUnclear, "^unclear$"),
        ("own", OwnError, "^own words$"),
    ],
)
def test_what_goes_wrong_over_there_is_an_error_here(what, error, message, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(error, match=message) as caught:
        read(what, errors=(OwnError,), seconds=1)
    assert ("ZeroDivisionError: a fault of ours" in caplog.text) == (what == "fail")  # our own faults are not hidden
    if what == "refuse":
        assert (caught.value.problems, caught.value.unknown_clips) == (["first", "second"], 3)
    if what == "ask":
        assert [(each.codec, each.sample) for each in caught.value.readings] == [("cp949", ("한국",))]
