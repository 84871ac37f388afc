"""The roc-validator takes both deposits, and names what is missing from a broken one."""

import json
import shutil
from pathlib import Path

from tests.config.deposits.formats import own_environment
from tests.config.deposits.formats.conftest import Written

CHECK = Path(__file__).with_name("rocrate_check.py")
# The model knows no web address of an organisation; the second deposit names no publisher, ORCID or affiliation.
UNKNOWN_TO_US = ("The organization SHOULD have a URL", "ORCID", "affiliation", "`publisher`")


def test_deposits_are_valid_and_a_broken_one_is_not(choices: Written, ratings: Written, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(choices.folder, broken)
    (broken / choices.deposit.tables[0].path).unlink()
    done = own_environment.run(CHECK, choices.folder, ratings.folder, broken)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for written in (choices, ratings):
        issues = found[str(written.folder)]
        assert [issue for issue in issues if not any(text in issue[2] for text in UNKNOWN_TO_US)] == []
    assert [issue for issue in found[str(broken)] if issue[0] == "REQUIRED"]


def test_the_crate_names_people_files_and_the_act_of_analysis(choices: Written) -> None:
    entities = {one["@id"]: one for one in json.loads(choices.text("ro-crate-metadata.json"))["@graph"]}
    person = entities["https://orcid.org/0000-0002-1825-0097"]
    assert (person["@type"], person["name"]) == ("Person", "Ji-woo Kim")
    assert entities[person["affiliation"]["@id"]]["name"] == "Hanbat University"
    action = entities["#analysis"]
    assert {"@id": "#software-Earsight"} in action["instrument"]
    assert entities["#software-Earsight"]["version"] == "0.1.0"
    assert {one["@id"] for one in action["object"]} == {table.path for table in choices.deposit.tables}
    assert action["result"] == {"@id": "results/analysis.json"}
    sound = entities["materials/sounds/slow%20strings.mp3"]
    assert sound["license"] == "CC-BY-NC-SA-3.0"
    assert len(entities["./"]["hasPart"]) == len(choices.deposit.files)
