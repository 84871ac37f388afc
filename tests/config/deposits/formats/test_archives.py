"""What DataCite and Zenodo are told."""

import json
from dataclasses import replace

import pytest
from datacite import schema45

from config.deposits.formats.datacite import datacite
from config.deposits.formats.zenodo import zenodo
from tests.config.deposits.formats.conftest import Written


def test_datacite_is_valid_for_its_schema(choices: Written, ratings: Written) -> None:
    for written in (choices, ratings):
        schema45.validator.validate(json.loads(written.text("datacite.json")))
    content = json.loads(choices.text("datacite.json"))
    assert (content["doi"], content["prefix"], content["suffix"]) == (
        "10.5281/zenodo.1234567",
        "10.5281",
        "zenodo.1234567",
    )
    assert content["creators"][0]["nameIdentifiers"][0]["nameIdentifier"] == "https://orcid.org/0000-0002-1825-0097"
    assert content["creators"][1] == {"name": "Sound and Image Group", "nameType": "Organizational"}
    assert {"date": "2026-03-01/2026-03-20", "dateType": "Collected"} in content["dates"]
    assert content["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"
    assert [one["relatedIdentifierType"] for one in content["relatedIdentifiers"]] == ["DOI", "URL"]


def test_datacite_schema_refuses_what_is_wrong(choices: Written) -> None:
    content = json.loads(choices.text("datacite.json"))
    for change in ({"creators": []}, {"publicationYear": 2026.5}, {"dates": [{"date": "x", "dateType": "Made"}]}):
        assert not schema45.validator.is_valid(content | change), change


def test_datacite_without_a_doi_or_a_publisher_says_so(ratings: Written) -> None:
    content = json.loads(datacite(ratings.deposit))
    assert "doi" not in content
    assert content["publisher"] == {"name": ":unkn"}


@pytest.mark.parametrize(
    ("licence", "expected"),
    [("CC-BY-4.0", "cc-by-4.0"), ("cc0-1.0", "cc0-1.0"), ("Ask us", "other-closed"), ("", "other-closed")],
)
def test_zenodo_never_reads_another_licence(choices: Written, licence: str, expected: str) -> None:
    content = json.loads(zenodo(replace(choices.deposit, licence=licence, licence_address="")))
    assert content["license"] == expected
    assert licence in content["notes"]


def test_zenodo_has_what_its_form_requires(choices: Written) -> None:
    content = json.loads(choices.text(".zenodo.json"))
    assert content["upload_type"] == "dataset"
    assert content["creators"][0] == {
        "name": "Kim, Ji-woo",
        "affiliation": "Hanbat University",
        "orcid": "0000-0002-1825-0097",
    }
    assert content["related_identifiers"][0] == {
        "identifier": "10.1145/3544548.3581120",
        "relation": "isSupplementTo",
        "scheme": "doi",
    }
    assert (content["language"], content["access_right"]) == ("eng", "open")
