"""Tables of predictions: both layouts, and each fault with its row."""

import pytest

from generation.tagging.predictions import match_clips, read_predictions
from study.errors import ImportRefused
from study.models import Clip


def read(text):
    return read_predictions(text, "p.csv")


def test_the_wide_and_the_long_table_say_the_same():
    wide = read("mp3_path,piano,slow\nf/4/a.mp3,0.25,1\nf/4/b.mp3,0,1e-3\n")
    long = read("probability;tag;Clip\n0,25;piano;a.mp3\n1;slow;a.mp3\n0,001;slow;b.mp3\n")
    assert wide.tags == long.tags == ["piano", "slow"]
    for key, expected in (("a.mp3", {"piano": 0.25, "slow": 1.0}), ("b.mp3", {"piano": 0.0, "slow": 0.001})):
        assert wide.probabilities(key) == long.probabilities(key) == expected


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("clip,piano\na,1.5\nb,-0.1\nc,\nd,nan\ne,0_1\nf,85%\n", [f"row {row}: column “piano”" for row in range(2, 8)]),
        ("clip,piano\na,0.5\nx/A,0.6\n", ["row 3: “a” is in row 2 already"]),
        ("clip,piano\na,0.5,0.6\n", ["row 2: 3 fields where the header has 2"]),
        ("clip,piano\n,0.5\n", ["row 2: no clip is named"]),
        ("clip,piano,Piano\na,0.5,0.6\n", ["row 1: two columns are called “piano”"]),
        ("clip,\na,0.5\n", ["row 1: there is no column of a tag’s probabilities"]),
        ("clip,a|b\nc,0.5\n", ["row 1: “a|b” looks like several tags"]),
        ("song,piano\na,0.5\n", ["row 1: there is no column “clip”"]),
        ("clip\na\n", ["row 1: there is no column of a tag"]),
        ("clip,piano\n", ["no row below the header"]),
        ("clip,tag,probability\na,piano,2\na,,0.5\n", ["row 2: column “probability”: “2”", "row 3: no tag is named"]),
        ("clip,tag,probability\na,piano,0.2\na,piano,0.3\n", ["row 3: “a” has “piano” in row 2 already"]),
        ("clip,tag,probability\na,piano,0.2\nb,Piano,0.3\n", ["row 3: “Piano” is written “piano”"]),
    ],
)
def test_a_fault_refuses_the_table_and_is_named_with_its_row(text, problems):
    with pytest.raises(ImportRefused) as refused:
        read(text)
    assert len(refused.value.problems) == len(problems)
    for found, expected in zip(refused.value.problems, problems, strict=True):
        assert expected in found
        assert found.startswith("p.csv")


def clips(*names):
    return [Clip(pk=number, name=name) for number, name in enumerate(names, start=1)]


def test_rows_find_their_clips_by_name_path_or_stem():
    table = read("clip,piano\nsong one,0.5\nf/two.mp3,0.5\nother.mp3,0.5\n")
    matched = match_clips(table.lines, clips("Song One.wav", "two.mp3", "three.wav"), "p.csv")
    assert matched.keys == {1: "song one", 2: "two.mp3"}
    assert (matched.missing, matched.unknown, matched.problems) == (["three.wav"], 1, [])


def test_a_row_for_two_clips_and_two_rows_for_one_clip_are_faults():
    assert (
        "may be a.wav or a.mp3"
        in match_clips(read("clip,x\na,0.5\n").lines, clips("a.wav", "a.mp3"), "p.csv").problems[0]
    )
    twice = match_clips(read("clip,x\na.wav,0.5\na,0.6\n").lines, clips("a.wav"), "p.csv")
    assert twice.problems == ["p.csv, row 3: “a” is in row 2 already. Keep one of the two."]
