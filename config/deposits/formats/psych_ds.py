"""Psych-DS' dataset_description.json: schema.org's Dataset with every variable of the tables.

Source: https://psychds-docs.readthedocs.io, schema of the validator 1.5.
"""

from typing import Any

from config.deposits.description import Column, Creator, Deposit, File
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.paths import table_name, table_path
from config.deposits.wording import (
    abstract,
    citation,
    how_collected,
    licence_address,
    meaning_with_values,
    statements,
    titled,
)


def dataset_description(deposit: Deposit) -> str:
    """Write dataset_description.json. A variable of several tables stands once, with its meaning in each."""
    return as_json(
        without_empty(
            {
                "@context": "http://schema.org/",
                "@type": "Dataset",
                "name": titled(deposit),
                "alternateName": deposit.slug,
                "description": "\n\n".join([abstract(deposit), *statements(deposit)]),
                "author": [_author(one) for one in deposit.creators],
                "license": licence_address(deposit) or deposit.licence,
                "version": deposit.version,
                "datePublished": deposit.published.isoformat(),
                "temporalCoverage": "/".join(day.isoformat() for day in deposit.collected or ()),
                "identifier": deposit.address or deposit.slug,
                "url": deposit.address,
                "citation": citation(deposit),
                "keywords": list(deposit.keywords),
                "inLanguage": list(deposit.languages),
                "measurementTechnique": how_collected(deposit),
                "funder": [{"@type": "Organization", "name": text} for text in deposit.funding],
                "variableMeasured": _variables(deposit),
            }
        )
    )


def _author(creator: Creator) -> dict[str, Any]:
    return without_empty(
        {
            "@type": "Person" if creator.given else "Organization",
            "name": creator.name,
            "givenName": creator.given,
            "familyName": creator.family if creator.given else "",
            "identifier": f"https://orcid.org/{creator.orcid}" if creator.orcid else "",
            "affiliation": {"@type": "Organization", "name": creator.affiliation}
            if creator.affiliation and creator.given
            else None,
        }
    )


def _variables(deposit: Deposit) -> list[dict[str, Any]]:
    """Each column's name once: of tables in data/ alone, as Psych-DS wants no variable without a data file."""
    found: dict[str, list[tuple[File, Column]]] = {}
    for table in deposit.tables:
        if table.path == table_path(table_name(table.path)):
            for column in table.columns:
                found.setdefault(column.name, []).append((table, column))
    return [_variable(name, uses) for name, uses in found.items()]


def _variable(name: str, uses: list[tuple[File, Column]]) -> dict[str, Any]:
    meanings: dict[str, list[str]] = {}
    for table, column in uses:
        meanings.setdefault(meaning_with_values(column), []).append(table_name(table.path))
    if len(meanings) == 1:
        description = next(iter(meanings))
    else:
        description = "\n".join(f"In {', '.join(tables)}: {meaning}" for meaning, tables in meanings.items())
    alone = uses[0][1] if len({(column.unit, column.minimum, column.maximum) for _, column in uses}) == 1 else None
    return without_empty(
        {
            "@type": "PropertyValue",
            "name": name,
            "description": description,
            "unitText": alone.unit if alone else "",
            "minValue": alone.minimum if alone else None,
            "maxValue": alone.maximum if alone else None,
        }
    )
