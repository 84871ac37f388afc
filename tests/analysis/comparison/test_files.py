"""Sources from files: exports, analyses and published tables of scores; and files that are none."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison import files
from analysis.comparison.errors import SourceRefused
from analysis.comparison.files import read_source
from analysis.comparison.kept_sources import kept_text, source_from
from analysis.comparison.words import notes
from tests.analysis.comparison.sources import SEED_TABLE, choices_json, written


@pytest.fixture(scope="module")
def analysis() -> dict[str, Any]:
    return choices_json(1)


def zipped(names: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return out.getvalue()


def test_the_published_table_is_a_source_for_new_clips(tmp_path: Path) -> None:
    found = read_source(written(tmp_path, "scores.csv", SEED_TABLE), "scores.csv")
    effect = found.effects[0]
    assert (effect.contrast.factor, effect.contrast.high, effect.population) == ("tags", "redefined", "new clips")
    assert effect.estimate == pytest.approx(2.65)
    assert (effect.estimate or 0) / (effect.se or 0) == pytest.approx(6.40, abs=0.005)
    assert effect.df == 5
    assert effect.unit == {"weights": [3.0, 1.0], "images": 4.0, "conditions": 4}
    assert (found.n_participants, found.n_clips, found.simulated) == (30, 6, None)
    said = "; ".join(notes({"turned": False, "origin": found.origin, "table": found.table}))
    assert "fits points of 3 : 1 and 30 people" in said
    assert "“original_sentence” is printed as 58 and adds up to 55; the cells are used" in said
    assert "“item3” were 7 and not 4; nothing was changed" in said
    forty = read_source(tmp_path / "scores.csv", "scores.csv", respondents=40)
    assert forty.effects[0].estimate == pytest.approx(2.65 * 30 / 40)
    assert forty.table["weights"] != [3, 1]


def test_an_export_tells_title_levels_clips_and_identity(tmp_path: Path, analysis: dict[str, Any]) -> None:
    study = {
        "title": "Songs\x00 of\nSeoul",
        "simulated": False,
        "plan_digest": "d" * 64,
        "plan": {"conditions": [], "clips": [{"digest": "a"}, {"digest": "b"}, {"digest": None}, "x"]},
    }
    names = {"study.json": study, "analysis.json": analysis, "chain.json": {"entries": [{"head": "h"}]}}
    of_zip = read_source(written(tmp_path, "a.zip", zipped(names)), "a.zip")
    deposit = {f"songs/{name}": content for name, content in names.items()} | {"songs/old/analysis.json": {}}
    of_deposit = read_source(written(tmp_path, "b.zip", zipped(deposit)), "b.zip")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name, content in names.items():
        written(folder, name, content)
    of_folder = read_source(folder, "unpacked")
    for found in (of_zip, of_deposit, of_folder):
        assert (found.name, found.simulated, found.clips) == ("Songs  of Seoul", False, frozenset("ab"))
        assert found.identities >= {"log:h", f"plan:{'d' * 64}"}
        assert found.effects == of_zip.effects
    alone = read_source(written(tmp_path, "analysis.json", analysis), "analysis.json")
    assert (alone.name, alone.simulated) == ("analysis.json", None)
    assert alone.identities < of_zip.identities  # the numbers are the same


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.json", "{}", "compares no conditions"),
        ("list.json", "{]", "no JSON"),
        ("half.json", '{"a": "\\ud800"}', "no JSON"),
        ("nested.json", '{"a":' + "[" * 5_000 + "]" * 5_000 + "}", "no JSON"),
        ("numbers.csv", "condition,item1\na,1\nb,1e400\n", "no table of scores"),
        ("ballots.csv", "participant,clip,first,second\np,c,a,b\n", "no table of scores"),
        ("other.csv", "condition,i,j,k\na,9,8,7\nb,1,2,0\n", "audit_table"),
        ("free.csv", "condition,i,j,k,l,m\na,3,3,3,3,3\nb,1,1,1,1,1\n", "the rows have no factors"),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0", "no table of scores"),
        ("cut.zip", zipped({"analysis.json": {}})[:-30], "is damaged"),
        ("sealed.zip", zipped({"study.json": {"sealed": True}, "analysis.json": {}}), "was sealed"),
        ("draft.zip", zipped({"study.json": {}}), "there is no analysis in it"),
        ("list.zip", zipped({"analysis.json": []}), "no analysis of Earsight"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count(".") == 1 and len(value) < 15 else "",
)
def test_other_files_are_refused_by_name(tmp_path: Path, name: str, content: Any, words: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        read_source(written(tmp_path, name, content), name)
    assert words in str(refused.value)
    assert name in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 2**20)
    path = written(tmp_path, "bomb.zip", zipped({"analysis.json": b" " * (2**20 + 1)}))
    with pytest.raises(SourceRefused, match="larger than any analysis"):
        read_source(path, "bomb.zip")
    monkeypatch.setattr(files, "MOST_VALUES", 100)
    with pytest.raises(SourceRefused, match="larger than any analysis"):
        read_source(written(tmp_path, "many.json", '{"a": [' + "0," * 200 + "0]}"), "many.json")


@pytest.mark.parametrize(
    "change",
    [
        {"conditions": "redefined_tags"},
        {"factors": ["redefined"]},
        {"primary": [], "these_clips": {}, "secondary": 7},
        {"primary": {"contrast": "redefined_minus_original", "estimate": "2", "se": True, "df": None}},
        {"primary": {"contrast": "redefined_minus_original", "estimate": 10**400, "se": -1, "df": 0}},
        {"effective_clips": "many", "exposure": {"shown": [1]}, "n_ballots": 0},
        {"plackett_luce": [], "factorial": {"redefined": {"ci95": [1], "p": "x"}}},
        {"pairwise": [{"a": [], "b": {}, "new_clips": 3}, 5]},
        {"questions": {"x": {"kind": "rate"}, "y": [], "z": {"kind": "pair", "scores": 3, "factors": {"f": None}}}},
        {"weights": [None, "x"], "n_participants": -1, "n_clips": 1e300},
    ],
)
def test_what_is_not_as_an_analysis_has_it_gives_no_number(
    tmp_path: Path, analysis: dict[str, Any], change: dict[str, Any]
) -> None:
    """An effect either has the numbers that stand there, or none; and what a page keeps of it is read back alike."""
    try:
        found = read_source(written(tmp_path, "a.json", analysis | change), "a.json")
    except SourceRefused:
        return
    for effect in found.effects:
        assert effect.missing or (effect.estimate is not None and (effect.se or effect.ci95))
    assert source_from(kept_text(found)) == found


def test_what_a_page_keeps_is_read_as_from_a_stranger(tmp_path: Path, analysis: dict[str, Any]) -> None:
    for found in (
        read_source(written(tmp_path, "a.json", analysis), "a.json"),
        read_source(written(tmp_path, "scores.csv", SEED_TABLE), "scores.csv"),
    ):
        again = source_from(kept_text(found))
        assert again is not None
        assert again.effects == found.effects
        assert notes({"turned": False, "origin": again.origin, "table": again.table}) == notes(
            {"turned": False, "origin": found.origin, "table": found.table}
        )
    for text in ("", "[]", "{", "{}", '{"origin": "study"}', "[" * 100_000, '{"origin": "file", "effects": [{}]}'):
        again = source_from(text)
        assert again is None or again.effects == ()
