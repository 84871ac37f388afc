"""What holds of every format: texts survive whatever they are, and nothing that a reader must know is left out."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from datacite import schema45
from huggingface_hub import DatasetCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.deposits.description import Creator, Deposit
from config.deposits.formats import WRITERS, metadata_files
from config.deposits.wording import SIMULATED
from tests.config.deposits.examples import HOSTILE, hostile
from tests.config.deposits.formats import own_environment
from tests.config.deposits.formats.conftest import Written, write_whole
from tests.config.deposits.outside_readers import frictionless, mlcroissant

VALIDATE_ALL = """
import sys
from pathlib import Path
from cffconvert import Citation

for path in sys.argv[1:]:
    Citation(Path(path).read_text(encoding="utf-8")).validate()
"""
README_TEXT = re.compile(r"\\([\\*_\[\]<>|&#~$`+=:.)-])")


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_texts_survive_in_every_format(choices: Written, number: int) -> None:
    _assert_survives(hostile(choices.deposit, HOSTILE[number]), HOSTILE[number])


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_in_every_format(choices: Written, text: str) -> None:
    _assert_survives(hostile(choices.deposit, text), text)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_hostile_texts_leave_every_format_valid(choices: Written, tmp_path: Path) -> None:
    cited = []
    for number, text in enumerate(HOSTILE):
        written = write_whole(hostile(choices.deposit, text), tmp_path / str(number))
        croissant = json.loads(written.text("croissant.json"))
        assert mlcroissant.Dataset(jsonld=croissant).metadata.ctx.issues.errors == set(), text
        schema45.validator.validate(json.loads(written.text("datacite.json")))
        assert list(frictionless.Package.metadata_validate(json.loads(written.text("datapackage.json")))) == [], text
        jsonschema.Draft202012Validator.check_schema(json.loads(written.text("schemas/ballots.schema.json")))
        assert DatasetCard(written.text("README.md")).data.to_dict()["configs"]
        cited.append(written.folder / "CITATION.cff")
    done = own_environment.run("-c", VALIDATE_ALL, *cited)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_format_says_that_nobody_answered(choices: Written, ratings: Written) -> None:
    for name, text in metadata_files(ratings.deposit).items():
        assert any(SIMULATED in said for said in _texts(name, text)), name
    for name, text in metadata_files(choices.deposit).items():
        assert "simulat" not in text.replace('"simulated": false', ""), name


def test_every_format_says_what_readers_must_know(choices: Written) -> None:
    deposit = choices.deposit
    needed = [deposit.plan_digest, deposit.log_head, deposit.contact, *deposit.limits, *deposit.personal, "CC-BY-4.0"]
    for name, text in metadata_files(deposit).items():
        said = "\n".join(_texts(name, text))
        assert [fact for fact in needed if fact not in said] == [], name


def test_a_deposit_that_says_little_is_written_without_empty_fields(ratings: Written) -> None:
    bare = replace(
        ratings.deposit,
        creators=(Creator(family="Kim"),),
        languages=(),
        files=(),
        software={},
        conditions=(),
        instrument=(),
        n_answers=0,
        n_clips=0,
        n_participants=0,
    )
    for name, text in metadata_files(bare).items():
        assert "None" not in text, name
        for found in _values(_read(name, text)):
            assert found not in ("", None, [], {}), name
    assert set(metadata_files(bare)) == set(WRITERS)


def _assert_survives(deposit: Deposit, text: str) -> None:
    """Each file is read again, and holds the text as it is; Zenodo's HTML and Markdown may fold white space."""
    flat = " ".join(text.split())
    for name, written in metadata_files(deposit).items():
        if name.startswith("schemas/") and "ballots" not in name:
            continue  # holds nothing of ours but the title
        said = list(_texts(name, written))
        assert any(flat in " ".join(one.split()) for one in said), (name, text)
        if name not in ("README.md", ".zenodo.json"):
            assert any(text in one for one in said), (name, text)


def _texts(name: str, text: str) -> Iterator[str]:
    """Every text that a reader of the file sees."""
    if name == "README.md":
        yield README_TEXT.sub(r"\1", text.split("\n---\n", 1)[1])
    for found in _values(_read(name, text)):
        if isinstance(found, str):
            yield html.unescape(found.replace("</p><p>", "\n\n")) if name == ".zenodo.json" else found


def _read(name: str, text: str) -> Any:
    if name == "README.md":
        return yaml.safe_load(text.removeprefix("---\n").split("\n---\n", 1)[0])
    return yaml.safe_load(text) if name.endswith(".cff") else json.loads(text)


def _values(content: Any) -> Iterator[Any]:
    """Every value within, containers too."""
    yield content
    if isinstance(content, dict):
        for value in content.values():
            yield from _values(value)
    elif isinstance(content, list):
        for value in content:
            yield from _values(value)
