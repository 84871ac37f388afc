"""How a gallery is cited: who made the study, and where its data are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from study import texts
from study.models import Study

_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_DOI = re.compile(r"10\.\d{4,9}/[^\s<>\"']+")
_ORCID = re.compile(r"(?:\d{4}-){3}\d{3}[\dX]")


@dataclass(frozen=True)
class Maker:
    """Somebody who made the study. `orcid` is empty unless it has the form of one."""

    family: str
    given: str = ""
    affiliation: str = ""
    orcid: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}".strip()

    @property
    def cited(self) -> str:
        """Family name and initials."""
        initials = " ".join(f"{part[0]}." for part in self.given.split())
        return f"{self.family}, {initials}" if initials else self.family


def makers_of(study: Study) -> list[Maker]:
    """The creators whom the researchers named for publication; else who answers to the participants."""
    if found := _creators(study):
        return found
    name = texts.responsible(study, "researcher")
    return [Maker(name, affiliation=texts.responsible(study, "institution"))] if name else []


def citation(study: Study, address: str) -> str:
    """The line by which a paper cites the gallery; empty unless the researchers have named who made the study."""
    cited = [maker.cited for maker in _creators(study)]
    if not cited:
        return ""
    names = f"{', '.join(cited[:-1])}, & {cited[-1]}" if cited[1:] else cited[0]
    when = study.closed_at or study.created_at
    return f"{names.rstrip('.')}. ({when:%Y}). {study.title.rstrip(' .')}. {address}"


def _creators(study: Study) -> list[Maker]:
    named = _publication(study).get("creators")
    return [
        Maker(str(row["family"]), _text(row, "given"), _text(row, "affiliation"), _orcid(row))
        for row in (named if isinstance(named, list) else ())
        if isinstance(row, Mapping) and row.get("family")
    ]


def data_address(study: Study) -> str:
    """Where the data are on the web, as the researchers wrote it: a DOI or a web address; empty otherwise."""
    for text in (_text(study.plan.get("reporting") or {}, "data_link"), _text(_publication(study), "address")):
        if found := _ADDRESS.search(text):
            return found[0].rstrip(".,;)")
        if found := _DOI.search(text):
            return f"https://doi.org/{found[0].rstrip('.,;)')}"
    return ""


def _publication(study: Study) -> Mapping[str, Any]:
    found = study.plan.get("publication")
    return found if isinstance(found, Mapping) else {}


def _text(row: Mapping[str, Any], key: str) -> str:
    return str(row.get(key) or "").strip()


def _orcid(row: Mapping[str, Any]) -> str:
    text = _text(row, "orcid")
    return text if _ORCID.fullmatch(text) else ""
