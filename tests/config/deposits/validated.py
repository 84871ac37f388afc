"""Read a written deposit as those would who get it: with the tools of others, and by what its own files say."""

import csv
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from datacite import schema45
from huggingface_hub import DatasetCard

from config.deposits import paths
from study.tables.spreadsheet import unescape_formula
from tests.config.deposits.formats import own_environment
from tests.config.deposits.outside_readers import frictionless, mlcroissant

CHECK_CRATES = Path(__file__).parent / "formats" / "rocrate_check.py"
VALIDATE_CITATIONS = """
import sys
from pathlib import Path
from cffconvert import Citation

for path in sys.argv[1:]:
    Citation(Path(path).read_text(encoding="utf-8")).validate()
"""
# A file of a table as Psych-DS' validator 1.5 wants it.
DATA_FILE = re.compile(r"description-[a-zA-Z0-9]+_data\.csv")


def check_deposits(folders: Iterable[Path]) -> None:
    """Assert that every format of these deposits is valid, and that no format says of their files what is not so."""
    folders = list(folders)
    for folder in folders:
        fields = check_tables(folder)
        _croissant(folder, fields)
        _psych_ds(folder, fields)
        schema45.validator.validate(_json(folder, "datacite.json"))
        assert _json(folder, ".zenodo.json")["upload_type"] == "dataset"
        card = DatasetCard.load(folder / "README.md").data.to_dict()
        assert {part["path"] for one in card["configs"] for part in one["data_files"]} == fields.keys()
    done = own_environment.run("-c", VALIDATE_CITATIONS, *(folder / "CITATION.cff" for folder in folders))
    assert done.returncode == 0, done.stdout + done.stderr
    done = own_environment.run(CHECK_CRATES, *folders)
    assert done.returncode == 0, done.stderr
    for folder, issues in json.loads(done.stdout.splitlines()[-1]).items():
        assert [issue for issue in issues if issue[0] == "REQUIRED"] == [], folder


def check_tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Assert that sums, types, values, keys, references and codebook are those of the tables; return their fields."""
    _sums(folder)
    fields = _package(folder)
    _rows_by_schema(folder, fields)
    _codebook(folder, fields)
    return fields


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table as its cells are written."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _json(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def _sums(folder: Path) -> None:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {paths.SUMS}
    sums = dict(reversed(line.split("  ", 1)) for line in (folder / paths.SUMS).read_text().splitlines())
    assert sums == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}


def _package(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Check the package with its types, values, keys, references and digests; return the fields of each table."""
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["name", "type", "message"])
    resources = _json(folder, "datapackage.json")["resources"]
    tables = {one["path"]: one["schema"] for one in resources if "schema" in one}
    assert tables.keys() == {f"data/{path.name}" for path in (folder / "data").iterdir()}
    for path, schema in tables.items():
        assert schema.get("primaryKey") or path.startswith(paths.MATCH_CONTROL[:-9]), path
        assert all(field["description"] for field in schema["fields"]), path
    return {path: schema["fields"] for path, schema in tables.items()}


def _rows_by_schema(folder: Path, fields: dict[str, list[dict[str, Any]]]) -> None:
    for path, columns in fields.items():
        schema = _json(folder, f"schemas/{paths.table_name(path)}.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        kinds = {field["name"]: field["type"] for field in columns}
        for row in rows(folder / path):
            validator.validate({name: _cell(cell, kinds[name]) for name, cell in row.items()})


def _cell(cell: str, kind: str) -> Any:
    if cell == "":
        return None
    return {"integer": int, "boolean": int, "number": float}.get(kind, str)(cell)


def _croissant(folder: Path, fields: dict[str, list[dict[str, Any]]]) -> None:
    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    for path in fields:
        assert len(list(dataset.records(paths.table_name(path)))) == len(rows(folder / path)), path


def _codebook(folder: Path, fields: dict[str, list[dict[str, Any]]]) -> None:
    """Each column of each table has its row with a meaning, and no other column."""
    described = rows(folder / paths.CODEBOOK)
    for path, columns in fields.items():
        these = [row for row in described if row["table"] == path]
        assert [row["column"] for row in these] == [field["name"] for field in columns] == list(_header(folder / path))
        assert all(unescape_formula(row["meaning"]).strip() for row in these)


def _psych_ds(folder: Path, fields: dict[str, list[dict[str, Any]]]) -> None:
    content = _json(folder, "dataset_description.json")
    assert (content["@context"], content["@type"]) == ("http://schema.org/", "Dataset")
    variables = [one["name"] for one in content["variableMeasured"]]
    assert sorted(variables) == sorted({field["name"] for columns in fields.values() for field in columns})
    assert all(DATA_FILE.fullmatch(path.name) for path in (folder / "data").iterdir())
    assert {"README.md", "data", "materials", "results", "documentation"} <= {path.name for path in folder.iterdir()}
    assert yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))["type"] == "dataset"


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))
