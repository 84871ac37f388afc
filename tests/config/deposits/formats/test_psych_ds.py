"""The rules of Psych-DS' validator 1.5 that are errors, tried on the folder; the validator is no Python library."""

import csv
import json
import re

import pytest

from config.deposits.paths import table_name, table_path
from tests.config.deposits.formats.conftest import Written

# The validator's expression of a data file's name, and the keywords that it does not warn of.
DATA_FILE = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.(csv|tsv)")
KEYWORDS = {"study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description"}


def test_names_and_variables_are_those_that_psych_ds_wants(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        content = json.loads(written.text("dataset_description.json"))
        assert (content["@context"], content["@type"]) == ("http://schema.org/", "Dataset")
        assert all(content[key] for key in ("name", "description", "variableMeasured", "author", "license", "citation"))
        variables = [variable["name"] for variable in content["variableMeasured"]]
        assert len(variables) == len(set(variables))
        columns = set()
        for path in (written.folder / "data").iterdir():
            assert DATA_FILE.fullmatch(path.name)
            assert {part.split("-")[0] for part in path.name.split("_")[:-1]} <= KEYWORDS
            with path.open(newline="", encoding="utf-8") as stream:
                columns |= set(next(csv.reader(stream)))
        assert set(variables) == columns


def test_a_variable_of_two_tables_has_both_meanings(choices: Written) -> None:
    variables = {one["name"]: one for one in json.loads(choices.text("dataset_description.json"))["variableMeasured"]}
    assert "In ballots: Seconds from" in variables["seconds"]["description"]
    assert "In clips: Length of the clip." in variables["seconds"]["description"]
    assert "original_tags = Original tags" in variables["first"]["description"]


def test_names_of_tables_are_letters_and_digits() -> None:
    assert table_name(table_path("clipsLeftOut")) == "clipsLeftOut"
    assert table_name("documentation/codebook.csv") == "codebook"
    for name in ("clips_left_out", "clips-left-out", "", "../x", "a\n"):
        with pytest.raises(ValueError, match="letters and digits"):
            table_path(name)
