"""Croissant 1.1 with its vocabulary of responsible AI 1.0, which data tracks and search engines for data sets read.

Sources: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html and croissant-rai-spec.html.
"""

from collections.abc import Iterator
from typing import Any

from config.deposits.description import Column, Creator, Deposit, File, Kind, Role
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.paths import IMAGES, SOUNDS, table_name
from config.deposits.wording import (
    SIMULATED,
    abstract,
    bibtex,
    how_collected,
    licence_address,
    shown_files,
    statements,
    titled,
)

_TYPES = {
    Kind.TEXT: "sc:Text",
    Kind.INTEGER: "sc:Integer",
    Kind.NUMBER: "sc:Float",
    Kind.YES_NO: "sc:Boolean",
    Kind.JSON: "sc:Text",
}
_TERMS = [
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject",
    "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
]  # fmt: skip
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_SETS = {Role.IMAGE: ("images", f"{IMAGES}/**"), Role.SOUND: ("sounds", f"{SOUNDS}/**")}


def croissant(deposit: Deposit) -> str:
    """Write croissant.json: files with digests, a record set for each table and each list of values, RAI fields."""
    return as_json(
        without_empty(
            {
                "@context": _CONTEXT,
                "@type": "sc:Dataset",
                "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
                "name": titled(deposit),
                "alternateName": deposit.slug,
                "description": "\n\n".join([abstract(deposit), *statements(deposit)]),
                "license": licence_address(deposit) or deposit.licence,
                "citeAs": bibtex(deposit),
                "creator": [_creator(one) for one in deposit.creators],
                "publisher": {"@type": "sc:Organization", "name": deposit.publisher} if deposit.publisher else None,
                "datePublished": deposit.published.isoformat(),
                "version": deposit.version,
                "url": deposit.address,
                "keywords": list(deposit.keywords),
                "inLanguage": list(deposit.languages),
                "isLiveDataset": False,
                **_responsible(deposit),
                "distribution": list(_distribution(deposit)),
                "recordSet": [*_value_sets(deposit), *(_record_set(deposit, table) for table in deposit.tables)],
            }
        )
    )


def _creator(creator: Creator) -> dict[str, Any]:
    return without_empty(
        {
            "@type": "sc:Person" if creator.given else "sc:Organization",
            "name": creator.name,
            "url": f"https://orcid.org/{creator.orcid}" if creator.orcid else "",
            "affiliation": {"@type": "sc:Organization", "name": creator.affiliation} if creator.affiliation else None,
        }
    )


def _responsible(deposit: Deposit) -> dict[str, Any]:
    """The fields of the RAI vocabulary that the model knows; what nobody said is left out, not made up."""
    per_clip = deposit.n_answers / deposit.n_clips if deposit.n_clips else 0
    treatment = {"Ethics": deposit.ethics, "Consent": deposit.consent}
    people = [text for text in (deposit.population, deposit.demographics, deposit.compensation) if text]
    return {
        "rai:dataCollection": how_collected(deposit),
        "rai:dataCollectionType": ["Software Collection"] if deposit.simulated else ["Surveys", "Experiments"],
        "rai:dataCollectionTimeFrame": [day.isoformat() for day in deposit.collected or ()],
        "rai:dataPreprocessingProtocol": [deposit.exclusions] if deposit.exclusions else [],
        "rai:dataAnnotationProtocol": [*deposit.instrument, *([deposit.recruitment] if deposit.recruitment else [])],
        "rai:dataAnnotationPlatform": [f"{name} {version}" for name, version in deposit.software.items()],
        "rai:annotationsPerItem": f"{per_clip:.1f} answers for each clip on average",
        "rai:annotatorDemographics": [SIMULATED] if deposit.simulated else people,
        "rai:machineAnnotationTools": ["Earsight's simulated participants"] if deposit.simulated else [],
        "rai:dataBiases": [deposit.population] if deposit.population and not deposit.simulated else [],
        "rai:dataLimitations": list(deposit.limits),
        "rai:personalSensitiveInformation": list(deposit.personal),
        "rai:dataUseCases": [f"To compare ways of making images from music. Asked of people: {deposit.question}"],
        "rai:dataSocialImpact": " ".join(f"{name}: {text}" for name, text in treatment.items() if text),
        "rai:hasSyntheticData": deposit.simulated or bool(deposit.of(Role.IMAGE)),  # images are models' work
        "rai:dataReleaseMaintenancePlan": f"Contact: {deposit.contact}" if deposit.contact else "",
    }


def _distribution(deposit: Deposit) -> Iterator[dict[str, Any]]:
    for file in shown_files(deposit):
        yield without_empty(
            {
                "@type": "cr:FileObject",
                "@id": file.path,
                "name": file.path.rsplit("/", 1)[-1],
                "description": f"{file.title}: {file.description}",
                "contentUrl": file.path,
                "contentSize": f"{file.size} B",
                "encodingFormat": file.media_type,
                "sha256": file.sha256,
                "license": file.licence,
            }
        )
    for role, (name, pattern) in _SETS.items():
        files = deposit.of(role)
        if files:
            yield {
                "@type": "cr:FileSet",
                "@id": name,
                "name": name,
                "description": f"{len(files)} files: {files[0].description}{_own_licences(files)}",
                "encodingFormat": sorted({file.media_type for file in files}),
                "includes": pattern,
            }


def _own_licences(files: tuple[File, ...]) -> str:
    own = sorted({file.licence for file in files if file.licence})
    return f" Licences of their own: {'; '.join(own)}." if own else ""


def _value_sets(deposit: Deposit) -> Iterator[dict[str, Any]]:
    """A record set for each list of values: the enumeration that a coded column refers to."""
    for table in deposit.tables:
        for column in table.columns:
            if column.values:
                name = f"{_column_id(table, column)}/values"
                yield {
                    "@type": "cr:RecordSet",
                    "@id": name,
                    "name": name,
                    "description": f"What the values of {column.name} mean.",
                    "dataType": "sc:Enumeration",
                    "key": {"@id": f"{name}/key"},
                    "field": [
                        {"@type": "cr:Field", "@id": f"{name}/{part}", "name": part, "dataType": "sc:Text"}
                        for part in ("key", "meaning")
                    ],
                    "data": [
                        {f"{name}/key": value, f"{name}/meaning": meaning} for value, meaning in column.values.items()
                    ],
                }


def _record_set(deposit: Deposit, table: File) -> dict[str, Any]:
    return without_empty(
        {
            "@type": "cr:RecordSet",
            "@id": table_name(table.path),
            "name": table_name(table.path),
            "description": f"{table.title}: {table.description}",
            "key": [{"@id": f"{table_name(table.path)}/{name}"} for name in table.key],
            "field": [_field(deposit, table, column) for column in table.columns],
        }
    )


def _field(deposit: Deposit, table: File, column: Column) -> dict[str, Any]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return without_empty(
        {
            "@type": "cr:Field",
            "@id": _column_id(table, column),
            "name": column.name,
            "description": f"{column.meaning}{unit}",
            "dataType": _TYPES[column.kind],
            "source": {"fileObject": {"@id": table.path}, "extract": {"column": column.name}},
            "references": _references(deposit, table, column),
        }
    )


def _column_id(table: File, column: Column) -> str:
    return f"{table_name(table.path)}/{column.name}"


def _references(deposit: Deposit, table: File, column: Column) -> dict[str, Any] | None:
    """What the column's values are of: rows of another table, or a list of values.

    mlcroissant joins tables by it. So there is none if a join would lose rows (a column that may be empty), repeat rows
    (a table whose rows have another key), or read a table twice (one that others refer to): it reads nothing then.
    """
    referred = {column.refers_to[0] for other in deposit.tables for column in other.columns if column.refers_to}
    if column.may_be_empty or table.path in referred:
        return None
    if column.refers_to:
        path, name = column.refers_to
        keyed = any(other.path == path and other.key == (name,) for other in deposit.tables)
        return {"field": {"@id": f"{table_name(path)}/{name}"}} if keyed else None
    return {"field": {"@id": f"{_column_id(table, column)}/values/key"}} if column.values else None
