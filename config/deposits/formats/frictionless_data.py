"""A Frictionless Data Package 1 with a Table Schema for each table, and the same as JSON Schema of a row.

Sources: https://specs.frictionlessdata.io/data-package/, /table-schema/; https://json-schema.org/draft/2020-12.
"""

import re
from typing import Any

from config.deposits.description import Column, Creator, Deposit, File, Kind
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.paths import table_name
from config.deposits.wording import abstract, licence_address, meaning_with_values, statements, titled

_FIELD_TYPES = {
    Kind.TEXT: "string",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.YES_NO: "boolean",
    Kind.JSON: "string",
}
_ROW_TYPES = {**_FIELD_TYPES, Kind.YES_NO: "integer"}


def data_package(deposit: Deposit) -> str:
    """Write datapackage.json: each file as a resource, of tables their columns, keys and what refers to what."""
    names = _names(deposit.files)
    return as_json(
        without_empty(
            {
                "profile": "data-package",
                "name": deposit.slug.lower(),
                "title": titled(deposit),
                "description": "\n\n".join([abstract(deposit), *statements(deposit)]),
                "version": deposit.version,
                "created": f"{deposit.published.isoformat()}T00:00:00Z",
                "homepage": deposit.address if deposit.address.startswith(("http://", "https://")) else "",
                "keywords": list(deposit.keywords),
                "licenses": [_licence(deposit)],
                "contributors": [_contributor(one) for one in deposit.creators],
                "simulated": deposit.simulated,
                "resources": [_resource(deposit, file, names) for file in deposit.files],
            }
        )
    )


def row_schema(deposit: Deposit, table: File) -> str:
    """Write the JSON Schema of one row of a table as its cells are read: numbers as numbers, nothing as null."""
    return as_json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{table.title}: {titled(deposit)}",
            "description": "\n\n".join([f"A row of {table.path}. {table.description}", *statements(deposit)]),
            "type": "object",
            "properties": {column.name: _property(column) for column in table.columns},
            "required": [column.name for column in table.columns],
            "additionalProperties": False,
        }
    )


def _names(files: tuple[File, ...]) -> dict[str, str]:
    """A name for each path: of tables theirs, of others from the path; small letters, digits, and no name twice."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for file in files:
        name = table_name(file.path) if file.columns else file.path
        plain = start = re.sub("[^a-z0-9._-]+", "-", name.lower()).strip("-") or "file"
        number = 1
        while plain in taken:
            number += 1
            plain = f"{start}-{number}"
        taken.add(plain)
        names[file.path] = plain
    return names


def _licence(deposit: Deposit) -> dict[str, str]:
    """Frictionless asks for a name of letters, digits, hyphens and dots, or a path; the title takes any words."""
    name = deposit.licence if re.fullmatch(r"[-a-zA-Z0-9._]+", deposit.licence) else "other"
    return without_empty({"name": name, "path": licence_address(deposit), "title": deposit.licence})


def _contributor(creator: Creator) -> dict[str, str]:
    return without_empty(
        {
            "title": creator.name,
            "role": "author",
            "organization": creator.affiliation,
            "path": f"https://orcid.org/{creator.orcid}" if creator.orcid else "",
        }
    )


def _resource(deposit: Deposit, file: File, names: dict[str, str]) -> dict[str, Any]:
    resource = {
        "name": names[file.path],
        "path": file.path,
        "title": file.title,
        "description": file.description,
        "format": file.path.rsplit(".", 1)[-1].lower(),
        "mediatype": file.media_type,
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "licenses": [{"name": "other", "title": file.licence}] if file.licence else [],
    }
    if file.columns:
        resource |= {
            "profile": "tabular-data-resource",
            "encoding": "utf-8",
            "dialect": {"delimiter": ",", "header": True},
            "schema": _table_schema(file, names),
        }
    return without_empty(resource)


def _table_schema(table: File, names: dict[str, str]) -> dict[str, Any]:
    keys = [
        {
            "fields": [column.name],
            "reference": {"resource": names[column.refers_to[0]], "fields": [column.refers_to[1]]},
        }
        for column in table.columns
        if column.refers_to
    ]
    return without_empty(
        {
            "fields": [_field(column) for column in table.columns],
            "missingValues": [""],
            "primaryKey": list(table.key),
            "foreignKeys": keys,
        }
    )


def _field(column: Column) -> dict[str, Any]:
    numbers = column.kind in (Kind.INTEGER, Kind.NUMBER)
    yes_no = {"trueValues": ["1"], "falseValues": ["0"]} if column.kind is Kind.YES_NO else {}
    constraints = {
        "required": not column.may_be_empty,
        "minimum": column.minimum if numbers else None,
        "maximum": column.maximum if numbers else None,
        "enum": _allowed(column),
    }
    return without_empty(
        {
            "name": column.name,
            "type": _FIELD_TYPES[column.kind],
            **yes_no,
            "description": column.meaning,
            "unit": column.unit,
            "categories": [{"value": value, "label": meaning} for value, meaning in column.values.items()],
            "constraints": without_empty(constraints),
        }
    )


def _property(column: Column) -> dict[str, Any]:
    values: list[Any] = [0, 1] if column.kind is Kind.YES_NO else _allowed(column)
    kind = _ROW_TYPES[column.kind]
    numbers = column.kind in (Kind.INTEGER, Kind.NUMBER)
    return without_empty(
        {
            "type": [kind, "null"] if column.may_be_empty else kind,
            "description": meaning_with_values(column) + (f" Unit: {column.unit}." if column.unit else ""),
            "enum": [*values, None] if values and column.may_be_empty else values,
            "minimum": column.minimum if numbers else None,
            "maximum": column.maximum if numbers else None,
            "contentMediaType": "application/json" if column.kind is Kind.JSON else "",
        }
    )


def _allowed(column: Column) -> list[Any]:
    """The values as the column's kind reads them; of yes and no the kind says it all."""
    if column.kind is Kind.INTEGER:
        return [int(value) for value in column.values]
    if column.kind is Kind.NUMBER:
        return [float(value) for value in column.values]
    return [] if column.kind is Kind.YES_NO else list(column.values)
