"""frictionless and JSON Schema check the tables themselves: types, values, keys, references."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from config.deposits.description import Kind
from config.deposits.paths import BALLOTS, table_name
from tests.config.deposits.formats.conftest import Written
from tests.config.deposits.outside_readers import frictionless


def test_packages_are_valid_with_their_tables_digests_and_keys(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        report = frictionless.validate(str(written.folder / "datapackage.json"))
        assert report.valid, report.flatten(["type", "message"])
        assert len(report.tasks) == len(written.deposit.files)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("r1,", "nobody,", "foreign-key"),
        ("original_tags", "other_tags", "constraint-error"),
        (",0,16,", ",0,sixteen,", "type-error"),
        ("r2,slow strings.mp3", "r1,slow strings.mp3", "primary-key"),
    ],
)
def test_a_changed_table_is_noticed(choices: Written, tmp_path: Path, old: str, new: str, error: str) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(choices.folder, folder)
    ballots = folder / BALLOTS
    text = ballots.read_text(encoding="utf-8")
    assert old in text
    ballots.write_text(text.replace(old, new), encoding="utf-8")
    found = {kind for (kind,) in frictionless.validate(str(folder / "datapackage.json")).flatten(["type"])}
    assert {error, "hash-count"} <= found


def test_schemas_of_rows_take_every_row_and_refuse_others(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        for table in written.deposit.tables:
            schema = json.loads(written.text(f"schemas/{table_name(table.path)}.schema.json"))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            with (written.folder / table.path).open(newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            for row in rows:
                validator.validate({column.name: _read(row[column.name], column.kind) for column in table.columns})
            assert not validator.is_valid(rows[0] | {"unknown": 1})
            assert not validator.is_valid({})
    ballots = jsonschema.Draft202012Validator(json.loads(choices.text("schemas/ballots.schema.json")))
    row = {
        "participant": "r1",
        "clip": "a.mp3",
        "first": "original_tags",
        "second": None,
        "repeat": 0,
        "seconds": 3,
        "listened": 1.5,
    }
    assert ballots.is_valid(row)
    for change in ({"first": None}, {"first": "other"}, {"repeat": 2}, {"seconds": -1}, {"seconds": "3"}):
        assert not ballots.is_valid(row | change), change


def _read(cell: str, kind: Kind) -> Any:
    if cell == "":
        return None
    return {Kind.INTEGER: int, Kind.YES_NO: int, Kind.NUMBER: float}.get(kind, str)(cell)
