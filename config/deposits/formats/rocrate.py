"""RO-Crate 1.1, the package of research objects that WorkflowHub, Dataverse and others read.

Source: https://www.researchobject.org/ro-crate/specification/1.1/.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from config.deposits.description import Creator, Deposit, File, Role
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.wording import about_people, abstract, licence_address, statements, titled

_ANALYSED = (Role.DATA,)
_COMPUTED = (Role.ANALYSIS, Role.REPORT)


def ro_crate(deposit: Deposit) -> str:
    """Write ro-crate-metadata.json: the deposit, its files, who made it, and the act of Earsight's analysis."""
    graph = [{key: _single(value) for key, value in entity.items()} for entity in _graph(deposit)]
    return as_json({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def _single(value: Any) -> Any:
    """A list of one as its only entry, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _graph(deposit: Deposit) -> Iterator[dict[str, Any]]:
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    yield _root(deposit)
    yield without_empty(
        {
            "@id": _licence_id(deposit),
            "@type": "CreativeWork",
            "name": deposit.licence,
            "description": f"The licence of the data: {deposit.licence}",
            "url": licence_address(deposit),
        }
    )
    yield from map(_file, deposit.files)
    for number, creator in enumerate(deposit.creators, start=1):
        yield from _agents(number, creator)
    if deposit.publisher:
        yield {"@id": "#publisher", "@type": "Organization", "name": deposit.publisher}
    if deposit.contact:
        yield {
            "@id": "#contact",
            "@type": "ContactPoint",
            "name": "Contact",
            "contactType": "researchers",
            "description": deposit.contact,
        }
    for number, text in enumerate(deposit.funding, start=1):
        yield {"@id": f"#funding-{number}", "@type": "Organization", "name": text}
    for related in deposit.related:
        yield {
            "@id": related.address,
            "@type": "CreativeWork",
            "name": related.title or related.address,
            "description": related.relation,
        }
    yield from _making(deposit)


def _root(deposit: Deposit) -> dict[str, Any]:
    said = [f"{heading}: {text}" for heading, text in about_people(deposit)]
    return without_empty(
        {
            "@id": "./",
            "@type": "Dataset",
            "name": titled(deposit),
            "alternateName": deposit.slug,
            "description": "\n\n".join([abstract(deposit), *said, *statements(deposit)]),
            "datePublished": deposit.published.isoformat(),
            "license": {"@id": _licence_id(deposit)},
            "version": deposit.version,
            "identifier": deposit.address,
            "keywords": ", ".join(deposit.keywords),
            "inLanguage": list(deposit.languages),
            "temporalCoverage": "/".join(day.isoformat() for day in deposit.collected or ()),
            "author": [{"@id": _creator_id(number, one)} for number, one in enumerate(deposit.creators, start=1)],
            "publisher": {"@id": "#publisher"} if deposit.publisher else None,
            "contactPoint": {"@id": "#contact"} if deposit.contact else None,
            "funder": [{"@id": f"#funding-{number}"} for number in range(1, len(deposit.funding) + 1)],
            "citation": [{"@id": related.address} for related in deposit.related],
            "hasPart": [{"@id": _path_id(file.path)} for file in deposit.files],
            "mentions": {"@id": "#analysis"} if deposit.of(*_COMPUTED) else None,
        }
    )


def _file(file: File) -> dict[str, Any]:
    columns = [f"{column.name}: {column.meaning}" for column in file.columns]
    return without_empty(
        {
            "@id": _path_id(file.path),
            "@type": "File",
            "name": file.title,
            "description": "\n".join([file.description, *columns]),
            "encodingFormat": file.media_type,
            "contentSize": str(file.size),
            "sha256": file.sha256,
            "license": file.licence,
        }
    )


def _agents(number: int, creator: Creator) -> Iterator[dict[str, Any]]:
    affiliation = f"#affiliation-{number}"
    yield without_empty(
        {
            "@id": _creator_id(number, creator),
            "@type": "Person" if creator.given else "Organization",
            "name": creator.name,
            "givenName": creator.given,
            "familyName": creator.family if creator.given else "",
            "affiliation": {"@id": affiliation} if creator.affiliation else None,
        }
    )
    if creator.affiliation:
        yield {"@id": affiliation, "@type": "Organization", "name": creator.affiliation}


def _making(deposit: Deposit) -> Iterator[dict[str, Any]]:
    """Earsight and the analysis that it made of the tables."""
    for name, version in deposit.software.items():
        yield {
            "@id": _software_id(name),
            "@type": "SoftwareApplication",
            "name": name,
            "version": version,
            "softwareVersion": version,
        }
    if deposit.of(*_COMPUTED):
        yield without_empty(
            {
                "@id": "#analysis",
                "@type": "CreateAction",
                "name": "Analysis of the answers",
                "description": "Made again by: python manage.py reproduce_report DEPOSIT",
                "endTime": deposit.published.isoformat(),
                "instrument": [{"@id": _software_id(name)} for name in deposit.software],
                "object": [{"@id": _path_id(file.path)} for file in deposit.of(*_ANALYSED)],
                "result": [{"@id": _path_id(file.path)} for file in deposit.of(*_COMPUTED)],
            }
        )


def _creator_id(number: int, creator: Creator) -> str:
    return f"https://orcid.org/{creator.orcid}" if creator.orcid else f"#creator-{number}"


def _licence_id(deposit: Deposit) -> str:
    return licence_address(deposit) or "#licence"


def _software_id(name: str) -> str:
    return f"#software-{quote(name, safe='')}"


def _path_id(path: str) -> str:
    """A path as the identifier of a file: percent-encoded, as JSON-LD asks for addresses."""
    return quote(path)
