"""What only the researchers know of a deposit: who made the data, what they belong to, what to leave out.

Stored in the study's plan, of which it is no fixed part: it may be changed at any time.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.deposits.description import Creator, Related
from config.deposits.personal.check_digits import is_mod_11_2
from study.errors import StudyError
from study.models import Study
from study.models.log import record

KEY = "publication"  # of the study's plan
SAVED = "publication facts saved"
# DataCite's words for how a deposit is related to something else, of which researchers need these.
RELATIONS = (
    "IsSupplementTo",
    "IsDocumentedBy",
    "IsDescribedBy",
    "IsReferencedBy",
    "IsCitedBy",
    "Cites",
    "References",
    "IsDerivedFrom",
    "IsSourceOf",
    "IsNewVersionOf",
    "IsPreviousVersionOf",
    "IsPartOf",
    "HasPart",
    "IsVariantFormOf",
    "Requires",
)
FIRST_VERSION = "1.0.0"
MOST = 100  # creators, keywords, …
LONGEST = 500  # characters of a text
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")


@dataclass(frozen=True, kw_only=True)
class PublicationFacts:
    """What a deposit says that the study does not know.

    Attributes:
        publisher: the repository or institution that publishes the deposit; `address` is where it will be.
        version: of the deposit.
        left_out: keys ("participants.csv:before_age") of columns that the deposit leaves out.
        kept: keys of findings about people that somebody has read, and that stay.
    """

    creators: tuple[Creator, ...] = ()
    keywords: tuple[str, ...] = ()
    publisher: str = ""
    address: str = ""
    funding: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    version: str = FIRST_VERSION
    left_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def publication_facts(study: Study) -> PublicationFacts:
    """The stored facts; those of a study without any are empty.

    Raises:
        StudyError: what is stored is none, which no page stores.
    """
    return facts_from(study.plan.get(KEY) or {})


@transaction.atomic
def save_publication_facts(study: Study, facts: PublicationFacts, *, actor: Any = None) -> None:
    """Replace the facts. The log names those that changed.

    Raises:
        StudyError: something is not what a deposit can hold; the message says what to write.
    """
    stored = facts_to_json(facts_from(facts_to_json(facts)))
    row = Study.objects.select_for_update().get(pk=study.pk)
    before = row.plan.get(KEY) or {}
    changed = sorted(name for name in stored.keys() | before.keys() if stored.get(name) != before.get(name))
    if changed:
        row.plan = row.plan | {KEY: stored}
        row.save(update_fields=["plan"])
        record(row, SAVED, actor=actor, facts=changed)
    study.plan = row.plan


def facts_to_json(facts: PublicationFacts) -> dict[str, Any]:
    """The facts as JSON; what is empty is left out."""
    listed = {
        name: [dict(one) if isinstance(one, dict) else one for one in value] if isinstance(value, tuple) else value
        for name, value in asdict(facts).items()
    }
    for name in ("creators", "related"):
        listed[name] = [{key: text for key, text in one.items() if text} for one in listed[name]]
    return {name: value for name, value in listed.items() if value and (name, value) != ("version", FIRST_VERSION)}


def facts_from(data: Any) -> PublicationFacts:
    """The facts from JSON as `facts_to_json` returns it, also from a stranger's export.

    Raises:
        StudyError: it is none, or says what no deposit can hold; the message says what to write.
    """
    if not isinstance(data, Mapping) or (unknown := data.keys() - PublicationFacts.__dataclass_fields__.keys()):
        what = ", ".join(sorted(map(str, unknown)))[:100] if isinstance(data, Mapping) else str(data)[:100]
        raise StudyError(_("These are no facts of a publication: %(what)s.") % {"what": what})
    version = _text(data.get("version", FIRST_VERSION))
    if not _VERSION.fullmatch(version):
        raise StudyError(_("Write the version in letters, digits, dots and hyphens, for example 1.0.0."))
    return PublicationFacts(
        creators=tuple(_creator(row) for row in _rows(data, "creators")),
        keywords=_texts(data, "keywords"),
        publisher=_text(data.get("publisher", "")),
        address=_link(data.get("address", "")),
        funding=_texts(data, "funding"),
        related=tuple(_related(row) for row in _rows(data, "related")),
        version=version,
        left_out=tuple(sorted(set(_texts(data, "left_out")))),
        kept=tuple(sorted(set(_texts(data, "kept")))),
    )


def orcid_of(text: str) -> str:
    """An ORCID as sixteen digits with hyphens, from those or its address; empty stays empty.

    Raises:
        StudyError: it is none, or its last digit does not fit the others (ISO 7064, MOD 11-2).
    """
    digits = re.sub(r"^https?://(www\.)?orcid\.org/", "", text.strip()).replace("-", "").replace(" ", "").upper()
    if not digits:
        return ""
    if re.fullmatch(r"[0-9]{15}[0-9X]", digits) and is_mod_11_2(digits):
        return "-".join(digits[place : place + 4] for place in (0, 4, 8, 12))
    raise StudyError(_("“%(text)s” is no ORCID: write all sixteen digits, 0000-0002-1825-0097.") % {"text": text[:60]})


def _creator(row: Mapping[str, Any]) -> Creator:
    _only(row, Creator)
    family, given = _text(row.get("family", "")), _text(row.get("given", ""))
    if not family:
        raise StudyError(_("Each creator needs a family name, or the name of the group."))
    return Creator(
        family=family,
        given=given,
        orcid=orcid_of(_text(row.get("orcid", ""))),
        affiliation=_text(row.get("affiliation", "")),
    )


def _related(row: Mapping[str, Any]) -> Related:
    _only(row, Related)
    relation, identifier = row.get("relation"), _text(row.get("identifier", ""))
    identifier = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", identifier, flags=re.IGNORECASE)
    if relation not in RELATIONS:
        raise StudyError(_("“%(text)s” is no relation; choose one of the list.") % {"text": str(relation)[:60]})
    if not (_DOI.fullmatch(identifier) or _ADDRESS.fullmatch(identifier)):
        raise StudyError(
            _("“%(text)s” is neither a DOI (10.1234/…) nor a web address (https://…).") % {"text": identifier[:60]}
        )
    return Related(relation=relation, identifier=identifier, title=_text(row.get("title", "")))


def _link(value: Any) -> str:
    text = _text(value)
    if text.startswith("10."):
        text = f"https://doi.org/{text}"
    if text and not _ADDRESS.fullmatch(text):
        raise StudyError(
            _("“%(text)s” is neither a DOI (10.1234/…) nor a web address (https://…).") % {"text": text[:60]}
        )
    return text


def _only(row: Mapping[str, Any], kind: type[Creator] | type[Related]) -> None:
    if unknown := row.keys() - kind.__dataclass_fields__.keys():
        raise StudyError(
            _("These are no facts of a publication: %(what)s.") % {"what": ", ".join(sorted(map(str, unknown)))[:100]}
        )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise StudyError(_("Each text of a publication has at most %(most)d characters.") % {"most": LONGEST})
    return " ".join(value.split())


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, _list(data, name)))))


def _rows(data: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    rows = _list(data, name)
    if not all(isinstance(row, Mapping) for row in rows):
        raise StudyError(_("These are no facts of a publication: %(what)s.") % {"what": name})
    return rows


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name, [])
    if not isinstance(found, list) or len(found) > MOST:
        raise StudyError(
            _("A publication has at most %(most)d %(what)s.") % {"most": MOST, "what": name.replace("_", " ")}
        )
    return found
