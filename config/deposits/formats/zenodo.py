"""Zenodo's metadata of a deposit, which its import from GitHub and its uploaders read.

Source: https://developers.zenodo.org/#representation (deposit metadata).
"""

import html
from typing import Any

from config.deposits.description import Creator, Deposit
from config.deposits.formats.as_text import as_json, without_empty
from config.deposits.licences import known_licence
from config.deposits.wording import about_people, abstract, statements, titled


def zenodo(deposit: Deposit) -> str:
    """Write .zenodo.json.

    Zenodo takes a data set without a licence as dedicated to the public. A licence that it does not know is called
    "other-closed" therefore, and the notes name it.
    """
    known = known_licence(deposit.licence)
    said = [f"{heading}: {text}" for heading, text in about_people(deposit)]
    return as_json(
        without_empty(
            {
                "upload_type": "dataset",
                "title": titled(deposit),
                "description": _paragraphs([abstract(deposit), *said]),
                "notes": _paragraphs(statements(deposit)),
                "creators": [_creator(one) for one in deposit.creators],
                "keywords": list(deposit.keywords),
                "access_right": "open",
                "license": known.spdx.lower() if known else "other-closed",
                "publication_date": deposit.published.isoformat(),
                "version": deposit.version,
                "language": _LANGUAGES.get(deposit.languages[0].split("-")[0], "") if deposit.languages else "",
                "related_identifiers": [
                    {
                        "identifier": related.identifier,
                        "relation": related.relation[:1].lower() + related.relation[1:],
                        "scheme": "doi" if related.is_doi else "url",
                    }
                    for related in deposit.related
                ],
                "dates": [
                    {
                        "type": "Collected",
                        "start": deposit.collected[0].isoformat(),
                        "end": deposit.collected[1].isoformat(),
                    }
                ]
                if deposit.collected
                else [],
            }
        )
    )


# Zenodo names languages by ISO 639-3; a language that is not here is left out.
_LANGUAGES = {
    "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "ja": "jpn", "ko": "kor", "nl": "nld",
    "pl": "pol", "pt": "por", "ru": "rus", "sv": "swe", "tr": "tur", "zh": "zho",
}  # fmt: skip


def _creator(creator: Creator) -> dict[str, Any]:
    name = f"{creator.family}, {creator.given}" if creator.given else creator.family
    return without_empty({"name": name, "affiliation": creator.affiliation, "orcid": creator.orcid})


def _paragraphs(texts: list[str]) -> str:
    """The texts as HTML, which Zenodo shows."""
    paragraphs = (paragraph for text in texts for paragraph in text.split("\n\n"))
    return "".join(f"<p>{html.escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)
