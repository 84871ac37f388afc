"""What a deposit is, described once: the study, its files, and what each column means.

A format's writer (`config/deposits/formats/`) is a function from a `Deposit` to text. It never reads the database or a
file of the deposit: whatever it needs to say stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """What a file of a deposit is for; the text is how a reader is told."""

    DATA = "data"
    CODEBOOK = "codebook"
    IMAGE = "image"
    SOUND = "sound"
    PROVENANCE = "provenance"
    PLAN = "plan"
    ANALYSIS = "analysis"
    REPORT = "report"
    README = "readme"
    LICENCE = "licence"


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    YES_NO = "yes or no"  # written as 1 and 0
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class Creator:
    """Somebody who made the data, as a citation names them.

    Attributes:
        family, given: parts of the name; `given` is empty of a group or an institution.
        orcid: sixteen digits with hyphens, "0000-0002-1825-0097"; empty if not known.
    """

    family: str
    given: str = ""
    orcid: str = ""
    affiliation: str = ""

    @property
    def name(self) -> str:
        """The name as it is read: given name first."""
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        meaning: one sentence, English.
        unit: of numbers: "s", "points", "0–1"; empty if there is none.
        values: what the cells may hold with what each value means; empty if anything of the kind may.
        minimum, maximum: of numbers, both included; None if there is no bound.
        may_be_empty: whether a cell may hold nothing; `meaning` says what that is.
        refers_to: (path of another table, its column) whose values these are; None if they are of their own.
    """

    name: str
    meaning: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    may_be_empty: bool = True
    refers_to: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of the deposit.

    Attributes:
        path: within the deposit, with "/" between folders.
        title, description: a few words, and a sentence; English.
        sha256: of its bytes, hexadecimal; `size` is their number.
        licence: an SPDX name or short text where it is not that of the deposit (a sound); empty otherwise.
        columns: of a CSV table (UTF-8, comma, one header row); empty of every other file.
        key: the columns that name a row of the table.
    """

    path: str
    role: Role
    media_type: str
    title: str
    description: str
    sha256: str
    size: int
    licence: str = ""
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A way of making images that the study compared, with its factors' levels."""

    key: str
    label: str
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Related:
    """Something that the deposit belongs to or comes from.

    Attributes:
        relation: DataCite's word: IsSupplementTo (a paper), IsDocumentedBy (a preregistration), IsDerivedFrom, …
        identifier: a DOI without its address ("10.1145/3544548.3581120"), or a web address.
    """

    relation: str
    identifier: str
    title: str = ""

    @property
    def is_doi(self) -> bool:
        """Whether the identifier is a DOI, and not an address."""
        return self.identifier.startswith("10.")

    @property
    def address(self) -> str:
        """Where it is on the web."""
        return f"https://doi.org/{self.identifier}" if self.is_doi else self.identifier


@dataclass(frozen=True, kw_only=True)
class Deposit:
    """A study as somebody else finds it: what was done, by whom, under which licence, and which files there are.

    Metadata files in the formats of others are not among `files`: they describe these, and each other never.

    Attributes:
        slug: the study's short name; letters, digits and hyphens.
        description: what the study is, in the researchers' words; one paragraph or more, plain text.
        keywords: at least one.
        licence: of the data, an SPDX name ("CC-BY-4.0") or a short text; `licence_address` is empty if none is known.
        version: of the deposit, "1.0.0" at first.
        collected: first and last day on which answers were given, UTC; None without answers.
        published: the day on which the deposit was made.
        languages: of the survey, as BCP 47 tags ("en", "ko").
        n_*: people, clips and answered trials of the analysis.
        question: what people were asked in the main question, English or the first language there is.
        instrument: the questions of a trial, a sentence each.
        population, recruitment, compensation, ethics, consent, demographics, exclusions: paragraphs; empty if the
            researchers have not said.
        limits: what the data cannot carry, a sentence each.
        personal: what the data hold about people and what was left out, a sentence each.
        simulated: nobody answered: the answers are a simulation's. Every format must say so.
        plan_digest: SHA-256 of the plan as fixed at opening; `log_head` the head of the study's log. Empty: not known.
        software: name and version of what made the deposit, and its other parts.
        contact: how to reach the researchers, as they wrote it; empty if they have not.
    """

    slug: str
    title: str
    description: str
    creators: tuple[Creator, ...]
    keywords: tuple[str, ...]
    licence: str
    licence_address: str
    version: str
    published: date
    collected: tuple[date, date] | None
    languages: tuple[str, ...]
    conditions: tuple[Condition, ...]
    question: str
    instrument: tuple[str, ...]
    n_participants: int
    n_clips: int
    n_answers: int
    files: tuple[File, ...]
    address: str = ""
    publisher: str = ""
    funding: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    population: str = ""
    recruitment: str = ""
    compensation: str = ""
    ethics: str = ""
    consent: str = ""
    demographics: str = ""
    exclusions: str = ""
    limits: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    simulated: bool = False
    plan_digest: str = ""
    log_head: str = ""
    software: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""

    @property
    def tables(self) -> tuple[File, ...]:
        """The files that are tables with described columns."""
        return tuple(file for file in self.files if file.columns)

    def of(self, *roles: Role) -> tuple[File, ...]:
        """The files of these roles, in their order."""
        return tuple(file for file in self.files if file.role in roles)
