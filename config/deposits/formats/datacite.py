"""DataCite's metadata, which give a data set its DOI, as JSON of its schema 4.

Sources: https://datacite-metadata-schema.readthedocs.io/en/4.6/, https://support.datacite.org/docs/api-create-dois.
"""

from typing import Any

from config.deposits.description import Creator, Deposit
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.licences import known_licence
from config.deposits.wording import about_people, abstract, how_collected, licence_address, statements, titled

UNKNOWN = ":unkn"  # DataCite's standard value of what is not known


def datacite(deposit: Deposit) -> str:
    """Write datacite.json; without a DOI yet its mandatory identifier is the place where the archive puts it."""
    technical = "\n\n".join([*statements(deposit), *(f"{heading}: {text}" for heading, text in about_people(deposit))])
    dates = [{"date": deposit.published.isoformat(), "dateType": "Issued"}]
    if deposit.collected:
        dates.append({"date": "/".join(day.isoformat() for day in deposit.collected), "dateType": "Collected"})
    return as_json(
        without_empty(
            {
                "schemaVersion": "http://datacite.org/schema/kernel-4",
                **_doi(deposit),
                "url": deposit.address,
                "types": {
                    "resourceTypeGeneral": "Dataset",
                    "resourceType": "Simulated answers" if deposit.simulated else "Answers of a listening study",
                },
                "creators": [_creator(one) for one in deposit.creators],
                "titles": [{"title": titled(deposit)}],
                "publisher": {"name": deposit.publisher or UNKNOWN},
                "publicationYear": str(deposit.published.year),
                "subjects": [{"subject": word} for word in deposit.keywords],
                "dates": dates,
                "language": deposit.languages[0] if deposit.languages else "",
                "version": deposit.version,
                "sizes": [f"{sum(file.size for file in deposit.files)} bytes", f"{len(deposit.files)} files"],
                "formats": sorted({file.media_type for file in deposit.files}),
                "rightsList": [_rights(deposit)],
                "descriptions": [
                    {"description": abstract(deposit), "descriptionType": "Abstract"},
                    {"description": how_collected(deposit), "descriptionType": "Methods"},
                    {"description": technical, "descriptionType": "TechnicalInfo"},
                ],
                "fundingReferences": [{"funderName": text} for text in deposit.funding],
                "relatedIdentifiers": [
                    {
                        "relatedIdentifier": related.identifier,
                        "relatedIdentifierType": "DOI" if related.is_doi else "URL",
                        "relationType": related.relation,
                    }
                    for related in deposit.related
                ],
            }
        )
    )


def doi_of(deposit: Deposit) -> str:
    """Return the deposit's DOI without its address; empty if it has none yet."""
    start, found, doi = deposit.address.partition("doi.org/")
    return doi if found and start in ("https://", "http://", "https://dx.", "http://dx.") else ""


def _doi(deposit: Deposit) -> dict[str, str]:
    doi = doi_of(deposit)
    prefix, _, suffix = doi.partition("/")
    return {"doi": doi, "prefix": prefix, "suffix": suffix}


def _creator(creator: Creator) -> dict[str, Any]:
    if not creator.given:
        return {"name": creator.family, "nameType": "Organizational"}
    return without_empty(
        {
            "name": f"{creator.family}, {creator.given}",
            "nameType": "Personal",
            "givenName": creator.given,
            "familyName": creator.family,
            "affiliation": [{"name": creator.affiliation}] if creator.affiliation else [],
            "nameIdentifiers": [
                {
                    "nameIdentifier": f"https://orcid.org/{creator.orcid}",
                    "nameIdentifierScheme": "ORCID",
                    "schemeUri": "https://orcid.org",
                }
            ]
            if creator.orcid
            else [],
        }
    )


def _rights(deposit: Deposit) -> dict[str, str]:
    known = known_licence(deposit.licence)
    return without_empty(
        {
            "rights": deposit.licence,
            "rightsUri": licence_address(deposit),
            "rightsIdentifier": known.spdx if known else "",
            "rightsIdentifierScheme": "SPDX" if known else "",
            "schemeUri": "https://spdx.org/licenses/" if known else "",
        }
    )
