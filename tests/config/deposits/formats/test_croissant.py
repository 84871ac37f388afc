"""mlcroissant reads the deposit as it is: no error, no warning, every row and cell of every table."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from config.deposits.description import File, Kind
from config.deposits.paths import table_name
from tests.config.deposits.formats.conftest import Written
from tests.config.deposits.outside_readers import mlcroissant

# mlcroissant uses a class of rdflib that is to go.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
RESPONSIBLE = {
    "dataCollection", "dataCollectionType", "dataCollectionTimeFrame", "dataPreprocessingProtocol",
    "dataAnnotationProtocol", "dataAnnotationPlatform", "annotationsPerItem", "annotatorDemographics", "dataBiases",
    "dataLimitations", "personalSensitiveInformation", "dataSocialImpact", "dataReleaseMaintenancePlan",
    "dataUseCases", "hasSyntheticData",
}  # fmt: skip


def test_every_record_set_gives_the_rows_of_its_table(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        dataset = mlcroissant.Dataset(str(written.folder / "croissant.json"))
        issues = dataset.metadata.ctx.issues
        assert (issues.errors, issues.warnings) == (set(), set())
        for table in written.deposit.tables:
            assert list(dataset.records(table_name(table.path))) == _rows(written.folder, table)


def test_values_are_enumerations_with_their_meanings(choices: Written) -> None:
    dataset = mlcroissant.Dataset(str(choices.folder / "croissant.json"))
    name = "ballots/second/values"
    meanings = {record[f"{name}/key"]: record[f"{name}/meaning"] for record in dataset.records(name)}
    assert meanings == {one.key: one.label for one in choices.deposit.conditions}


def test_files_and_responsible_fields_are_what_the_deposit_says(choices: Written, ratings: Written) -> None:
    content = json.loads(choices.text("croissant.json"))
    objects = {one["@id"]: one for one in content["distribution"] if one["@type"] == "cr:FileObject"}
    for table in choices.deposit.tables:
        assert objects[table.path]["sha256"] == table.sha256
        assert objects[table.path]["contentSize"] == f"{table.size} B"
    sets = {one["@id"]: one for one in content["distribution"] if one["@type"] == "cr:FileSet"}
    assert len(list(choices.folder.glob(sets["images"]["includes"].replace("**", "*")))) == 12
    assert "CC-BY-NC-SA-3.0" in sets["sounds"]["description"]
    assert {key.removeprefix("rai:") for key in content if key.startswith("rai:")} == RESPONSIBLE
    fields = {one["@id"]: one for records in content["recordSet"] for one in records["field"]}
    assert fields["ballots/participant"]["references"] == {"field": {"@id": "participants/participant"}}
    assert fields["ballots/first"]["references"] == {"field": {"@id": "ballots/first/values/key"}}
    simulated = json.loads(ratings.text("croissant.json"))
    assert simulated["rai:dataCollectionType"] == ["Software Collection"]
    assert "rai:dataSocialImpact" not in simulated  # what nobody said is not made up


def _rows(folder: Path, table: File) -> list[dict[str, Any]]:
    with (folder / table.path).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    name = table_name(table.path)
    return [{f"{name}/{one.name}": _read(row[one.name], one.kind) for one in table.columns} for row in rows]


def _read(cell: str, kind: Kind) -> Any:
    if cell == "":
        return None
    if kind is Kind.YES_NO:
        return cell == "1"
    return {Kind.INTEGER: int, Kind.NUMBER: float}.get(kind, str.encode)(cell)
