"""Who a gallery names, how it is cited, and that an address of the data is one."""

from datetime import UTC, datetime

import pytest

from analysis.study_results.gallery_citation import citation, data_address, makers_of
from study.models import Study

ADDRESS = "https://earsight.example.org/gallery/zither/"


def study(**plan: object) -> Study:
    closed = datetime(2026, 5, 1, tzinfo=UTC)
    return Study(title="Zither pictures.", researcher="Mina Kim", institution="KAIST", closed_at=closed, plan=plan)


def test_creators_are_cited_and_without_any_the_responsible_are_named() -> None:
    named = study(
        publication={
            "creators": [
                {"family": "Kim", "given": "Mina Ha", "orcid": "0000-0002-1825-0097", "affiliation": "KAIST"},
                {"family": "Music Lab", "orcid": "javascript:alert(1)"},
                {"given": "nobody"},
                "no creator",
            ]
        }
    )
    assert [maker.name for maker in makers_of(named)] == ["Mina Ha Kim", "Music Lab"]
    assert [maker.orcid for maker in makers_of(named)] == ["0000-0002-1825-0097", ""]
    assert citation(named, ADDRESS) == f"Kim, M. H., & Music Lab. (2026). Zither pictures. {ADDRESS}"
    assert [(maker.name, maker.affiliation) for maker in makers_of(study())] == [("Mina Kim", "KAIST")]
    assert citation(study(), ADDRESS) == ""
    for nonsense in ("text", {"creators": "text"}, {"creators": [{}]}):
        assert citation(study(publication=nonsense), ADDRESS) == ""
        assert makers_of(study(publication=nonsense))[0].name == "Mina Kim"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://zenodo.org/records/1", "https://zenodo.org/records/1"),
        ("see https://osf.io/abc, or ask us", "https://osf.io/abc"),
        ("10.5281/zenodo.1234", "https://doi.org/10.5281/zenodo.1234"),
        ("doi:10.5281/zenodo.1234.", "https://doi.org/10.5281/zenodo.1234"),
        ("javascript:alert(1)", ""),
        ("on request", ""),
    ],
)
def test_the_data_are_linked_at_a_web_address_or_doi_alone(written: str, address: str) -> None:
    assert data_address(study(reporting={"data_link": written})) == address
    assert data_address(study(publication={"address": written})) == address
