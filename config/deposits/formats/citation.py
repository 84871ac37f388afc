"""CITATION.cff 1.2.0, which GitHub and reference managers read.

Source: https://github.com/citation-file-format/citation-file-format, schema 1.2.0.
"""

from typing import Any

from config.deposits.description import Creator, Deposit
from config.deposits.formats.as_text import as_yaml, without_empty
from config.deposits.formats.datacite import doi_of
from config.deposits.licences import known_licence
from config.deposits.wording import abstract, licence_address, statements, titled


def citation_cff(deposit: Deposit) -> str:
    """Write CITATION.cff. It has no field for a licence in words: the abstract says it."""
    known = known_licence(deposit.licence)
    return as_yaml(
        without_empty(
            {
                "cff-version": "1.2.0",
                "message": "If you use these data, please cite them as below.",
                "type": "dataset",
                "title": titled(deposit),
                "abstract": "\n\n".join([abstract(deposit), *statements(deposit)]),
                "authors": [_author(one) for one in deposit.creators],
                "keywords": sorted(set(deposit.keywords)),
                "license": known.spdx if known else "",
                "license-url": "" if known else licence_address(deposit),
                "version": deposit.version,
                "date-released": deposit.published,
                "doi": doi_of(deposit),
                "url": deposit.address,
                "references": [
                    without_empty(
                        {
                            "type": "generic",
                            "title": related.title or related.address,
                            "doi": related.identifier if related.is_doi else "",
                            "url": related.address,
                            "notes": related.relation,
                            "authors": [{"name": "unknown"}],
                        }
                    )
                    for related in deposit.related
                ],
            }
        )
    )


def _author(creator: Creator) -> dict[str, Any]:
    orcid = f"https://orcid.org/{creator.orcid}" if creator.orcid else ""
    if not creator.given:
        return without_empty({"name": creator.family, "orcid": orcid})
    return without_empty(
        {
            "family-names": creator.family,
            "given-names": creator.given,
            "affiliation": creator.affiliation,
            "orcid": orcid,
        }
    )
