"""Arguments of the commands that compute: the answer, or one sentence and status 2; never a traceback."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BALLOTS = "participant,clip,first,second\n" + "".join(
    f"p{n},c{m},{first},{second}\n"
    for n in range(4)
    for m, (first, second) in enumerate([("a", "b"), ("b", "c"), ("c", "a")])
)
SCORES = "condition,one,two,three\na,6,7,8\nb,4,5,0\n"
TAGS = "clip_id,rock,pop\nx,1,0\ny,0,1\n"
NUMBERS = ("nan", "inf", "-inf", "-1", "1e5", "1e308", "99999999999999999999", "0", "x", "", "0x10", "１", "1,5", "1_0")
TEXTS = (
    "",
    ";",
    "=",
    "a",
    "a=",
    "=a",
    "q=zz",
    "a=a,b,c",
    "q=a,a",
    "q=a;q=b",
    "q=nan",
    "x=1e999",
    "x",
    "\0",
    "é=é",
    ",",
    "a,a",
)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run a command on small files as a shell would; return its refusal, or an empty text."""
    for name, text in (("ballots.csv", BALLOTS), ("scores.csv", SCORES), ("tags.csv", TAGS)):
        (tmp_path / name).write_text(text)

    def run(command: str, *arguments: str) -> str:
        files = {
            "analyze": ["ballots.csv", "--draws=100"],
            "audit_table": ["scores.csv"],
            "compare_studies": ["scores.csv", "ballots.csv"],
            "power": ["--simulations=100", "--participants=4", "--clips=3", "--json"],
            "redefine_tags": ["tags.csv", f"--out={tmp_path}/o.csv", f"--report={tmp_path}/r.json"],
        }[command]
        files = [str(tmp_path / word) if word.endswith(".csv") and "=" not in word else word for word in files]
        out, refusal = io.StringIO(), None
        try:
            call_command(command, *files, *arguments, stdout=out, stderr=io.StringIO())
        except CommandError as error:
            refusal = error
        if refusal is not None:
            assert refusal.returncode == 2 or str(refusal).startswith("Error: argument"), refusal
            assert len(str(refusal).splitlines()) == 1
            return str(refusal)
        if command != "redefine_tags":
            json.loads(out.getvalue(), parse_constant=lambda constant: pytest.fail(f"{constant} in the result"))
        return ""

    return run


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("audit_table", ["--factors", "q=zz"], "factor 'q' names 'zz', which is no condition"),
        ("audit_table", ["--factors", "q=a,b"], "leave at least one out"),
        ("audit_table", ["--claim", "x=nan"], "write it as NAME=NUMBER"),
        ("audit_table", ["--claim", "x=1", "--claim", "x=2"], "claimed twice"),
        ("audit_table", ["--respondents", "0"], "between 1 and 2,000"),
        ("audit_table", ["--respondents", "1000000000"], "between 1 and 2,000"),
        ("compare_studies", ["--respondents", "0"], "is no whole number from 1 to 2,000"),
        ("compare_studies", ["--method", "ml"], "invalid choice"),
        ("compare_studies", [], "scores.csv: the rows have no factors"),
        ("analyze", ["--weights", "nan,1"], "the first must be above 0"),
        ("analyze", ["--weights", "3,1,1"], "weights are two numbers"),
        ("analyze", ["--draws", "1000000000"], "at most 1,000,000"),
        ("analyze", ["--seed", "-1"], "is no whole number of 0 or more"),
        ("analyze", ["--reference", "zz"], "reference 'zz' is no condition"),
        ("analyze", ["--conditions", "a,b"], "row 3: second choice 'c' is no condition (a, b)"),
        ("analyze", ["--conditions", "a,b,c,"], "named twice or empty"),
        ("analyze", ["--factors", ";"], "name none"),
        ("power", ["--share", "nan"], "is no number from 0.01 to 0.99"),
        ("power", ["--sd-clips", "nan"], "is no number from 0 to 10"),
        ("power", ["--sd-participants", "inf"], "is no number from 0 to 10"),
        ("power", ["--sd-participants", "1e5"], "is no number from 0 to 10"),
        ("power", ["--alpha", "nan"], "is no number"),
        ("power", ["--participants", "100000", "--clips", "100000"], "too many to simulate"),
        ("power", ["--simulations", "1000000000"], "too many to simulate"),
        ("redefine_tags", ["--voice-at", "nan"], "is no number from 0 to 1"),
        ("redefine_tags", ["--none-at=-inf"], "is no number from 0 to 1"),
        ("redefine_tags", ["--tagger-at", "7"], "is no number from 0 to 1"),
        ("redefine_tags", ["--voice-at", "0.1", "--none-at", "0.2"], "thresholds: "),
        ("redefine_tags", ["--encoding", "klingon"], "is not known"),
    ],
)
def test_an_argument_without_sense_is_named(
    run: Callable[..., str], command: str, arguments: list[str], words: str
) -> None:
    assert words in run(command, *arguments)


@pytest.mark.django_db
def test_a_study_that_is_not_there_is_named(run: Callable[..., str]) -> None:
    assert "There is no study nowhere" in run("compare_studies", "--study", "nowhere")


@pytest.mark.parametrize(
    ("command", "options", "values"),
    [
        ("analyze", ["--draws", "--seed"], NUMBERS),
        ("analyze", ["--weights"], [f"{number},1" for number in NUMBERS] + [f"3,{number}" for number in NUMBERS]),
        ("analyze", ["--conditions", "--factors", "--reference", "--encoding"], TEXTS),
        ("audit_table", ["--respondents"], NUMBERS),
        ("audit_table", ["--factors", "--claim", "--encoding"], TEXTS),
        ("power", ["--share", "--sd-participants", "--sd-clips", "--alpha"], NUMBERS),
        ("power", ["--participants", "--clips", "--seed", "--simulations"], NUMBERS),
        ("power", ["--weights"], [f"{number},1" for number in NUMBERS]),
        ("redefine_tags", ["--voice-at", "--none-at", "--tagger-at"], NUMBERS),
        (
            "redefine_tags",
            ["--rules", "--encoding", "--voice", "--changes"],
            [text for text in TEXTS if "\0" not in text],
        ),
    ],
)
def test_no_argument_ends_in_a_traceback(
    run: Callable[..., str], command: str, options: list[str], values: list[str], monkeypatch: Any, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    said = {f"{option}={value}": run(command, f"{option}={value}") for option in options for value in values}
    assert any(said.values())


@pytest.mark.parametrize("command", ["analyze", "audit_table", "redefine_tags"])
def test_no_file_ends_in_a_traceback(run: Callable[..., str], command: str, tmp_path: Path) -> None:
    files = {
        "empty": b"",
        "picture": b"\x89PNG\r\n\x1a\n\0\0",
        "zip": b"PK\x03\x04",
        "long": b"a,b\n1," + b"2" * 1_000_000,
    }
    files |= {"quote": b'a,b\n"1,2\n', "nul": b"a,b\n\0,1\n", "latin": "a,ß\n§,¶¶¶¶\n".encode("latin-1")}
    files |= {"wide": b",".join(b"c%d" % n for n in range(50_000)) + b"\n" + b"," * 49_999 + b"\n"}
    places = [tmp_path, tmp_path / "none.csv"]
    for name, content in files.items():
        places.append(tmp_path / f"{name}.csv")
        places[-1].write_bytes(content)
    further = ["--out", str(tmp_path / "o"), "--report", str(tmp_path / "r")] if command == "redefine_tags" else []
    for place in places:
        with pytest.raises(CommandError) as error:
            call_command(command, str(place), *further, stdout=io.StringIO(), stderr=io.StringIO())
        assert error.value.returncode == 2
        assert len(str(error.value).splitlines()) == 1
        assert place.name in str(error.value)


def test_a_result_is_not_written_over_the_table_it_comes_from(run: Callable[..., str], tmp_path: Path) -> None:
    for command, name in (("analyze", "ballots.csv"), ("audit_table", "scores.csv")):
        before = (tmp_path / name).read_text()
        assert "this is the table itself" in run(command, "--json", str(tmp_path / name))
        assert (tmp_path / name).read_text() == before


CELLS = st.sampled_from(
    ["", "0", "1", "1.0", "7", "NA", "a", "rock; pop", "-", '"', "x" * 50, "é", "1e9", "nan", "0.5"]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=4).map("\n".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, header=st.sampled_from(["clip,tags", "clip,rock,pop", "condition,i1,printed_total", ",clip,rock"]))
@pytest.mark.parametrize("command", ["audit_table", "redefine_tags"])
def test_any_table_is_taken_or_refused(
    run: Callable[..., str], tmp_path: Path, command: str, rows: str, header: str
) -> None:
    (tmp_path / ("scores.csv" if command == "audit_table" else "tags.csv")).write_text(f"{header}\n{rows}\n")
    run(command)
