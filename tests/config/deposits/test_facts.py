"""What a deposit says of its makers: stored as it was written, and refused with the mend if it cannot be."""

from typing import Any

import pytest

from config.deposits.description import Creator, Related
from config.deposits.facts import (
    PublicationFacts,
    facts_from,
    facts_to_json,
    orcid_of,
    publication_facts,
    save_publication_facts,
)
from study.errors import StudyError
from study.models import Study
from tests.factories import StudyFactory


def test_an_orcid_is_checked_by_its_last_digit() -> None:
    # The numbers of https://support.orcid.org: the last with the check character X.
    for text in ("0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "0000 0002 1825 0097"):
        assert orcid_of(text) == "0000-0002-1825-0097"
    assert orcid_of("0000-0002-1694-233x") == "0000-0002-1694-233X"
    assert orcid_of("  ") == ""
    for wrong in ("0000-0002-1825-0096", "0000-0002-1825-009", "0000-0002-1825-00977", "０000-0002-1825-0097", "x"):
        with pytest.raises(StudyError, match="is no ORCID: write all sixteen digits"):
            orcid_of(wrong)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "no facts of a publication"),
        ({"creator": []}, "no facts of a publication: creator"),
        ({"creators": {}}, "at most 100 creators"),
        ({"creators": ["Kim"]}, "no facts of a publication: creators"),
        ({"creators": [{"given": "Mina"}]}, "needs a family name"),
        ({"creators": [{"family": "Kim", "mail": "x"}]}, "no facts of a publication: mail"),
        ({"creators": [{"family": "Kim", "orcid": "1"}]}, "is no ORCID"),
        ({"keywords": ["x" * 501]}, "at most 500 characters"),
        ({"keywords": [3]}, "at most 500 characters"),
        ({"keywords": ["a\0b"]}, "at most 500 characters"),
        ({"keywords": ["a"] * 101}, "at most 100 keywords"),
        ({"version": ""}, "for example 1.0.0"),
        ({"version": "1/2"}, "for example 1.0.0"),
        ({"address": "javascript:alert(1)"}, "neither a DOI"),
        ({"related": [{"relation": "Likes", "identifier": "10.1234/x"}]}, "no relation; choose one of the list"),
        ({"related": [{"relation": "Cites", "identifier": "a paper"}]}, "neither a DOI"),
    ],
)
def test_what_no_deposit_can_say_is_refused_with_the_mend(data: Any, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        facts_from(data)


@pytest.mark.django_db
def test_facts_come_back_as_they_were_saved_and_the_log_names_those_that_changed() -> None:
    study = StudyFactory()
    assert publication_facts(study) == PublicationFacts()
    facts = PublicationFacts(
        creators=(Creator(family="김", given="민아", orcid="0000-0002-1825-0097"), Creator(family="The  Sound Group")),
        keywords=("music", " music ", "", "blind"),
        address="10.5281/zenodo.1",
        related=(Related(relation="IsSupplementTo", identifier="https://doi.org/10.1145/3544548.3581120"),),
        left_out=("participants.csv:before_age",),
        kept=("study: description", "study: description"),
    )
    save_publication_facts(study, facts, actor=study.owner)
    stored = publication_facts(Study.objects.get(pk=study.pk))
    assert stored == publication_facts(study) == facts_from(facts_to_json(stored))
    assert [creator.name for creator in stored.creators] == ["민아 김", "The Sound Group"]
    assert (stored.keywords, stored.kept) == (("music", "blind"), ("study: description",))
    assert stored.address == "https://doi.org/10.5281/zenodo.1"
    assert stored.related[0].is_doi
    assert stored.related[0].identifier == "10.1145/3544548.3581120"
    entry = study.log.last()
    assert (entry.action, entry.actor) == ("publication facts saved", study.owner)
    assert entry.data["facts"] == ["address", "creators", "kept", "keywords", "left_out", "related"]
    save_publication_facts(study, stored)
    assert study.log.last() == entry
    with pytest.raises(StudyError, match="is no ORCID"):
        save_publication_facts(study, PublicationFacts(creators=(Creator(family="Kim", orcid="1"),)))
    assert publication_facts(Study.objects.get(pk=study.pk)) == stored
