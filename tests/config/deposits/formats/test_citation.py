"""cffconvert takes CITATION.cff and cites the deposit."""

import yaml

from tests.config.deposits.formats import own_environment
from tests.config.deposits.formats.conftest import Written

CONVERT = ("-c", "from cffconvert.cli.cli import cli; cli()", "--validate", "-i")


def test_cffconvert_takes_both_and_cites_them(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        done = own_environment.run(*CONVERT, written.folder / "CITATION.cff")
        assert done.returncode == 0, done.stdout + done.stderr
    broken = choices.folder.parent / "broken.cff"
    broken.write_text(choices.text("CITATION.cff").replace("type: dataset", "type: data"))
    done = own_environment.run(*CONVERT, broken)
    assert done.returncode != 0
    content = yaml.safe_load(choices.text("CITATION.cff"))
    assert (content["license"], content["doi"], content["version"]) == ("CC-BY-4.0", "10.5281/zenodo.1234567", "1.0.0")
    assert "license" not in yaml.safe_load(ratings.text("CITATION.cff"))
