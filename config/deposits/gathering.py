"""Gather the files of a deposit below a folder, and describe them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from math import isclose
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.interface_pictures.stored import interface_pictures
from analysis.models import Analysis
from analysis.study_results.flow_in_words import without_reasons
from analysis.study_results.report_files import CONTENT_TYPES, report_files
from analysis.study_results.software import software_versions
from config.bundles.write import deviations_in_english, images_shown, json_bytes
from config.deposits import paths
from config.deposits.describing import describe
from config.deposits.description import Deposit, File, Role
from config.deposits.facts import PublicationFacts
from config.deposits.licences import licence_text
from config.deposits.media import Medium
from config.deposits.persons import Finding
from config.deposits.tables.codebook import codebook_csv
from config.deposits.tables.people import keeps_order
from config.deposits.tables.study_tables import Tables
from config.deposits.tables.table import Table
from study.digests import canonical_digest, file_digest
from study.errors import NotAllowedNow
from study.models import Study

_REPORT_TITLES = {
    "report": "Report",
    "figures": "Figures of the report",
    "checklist": "Reporting checklists",
    "references": "References of the report",
    "scores": "Scores by condition",
    "by_clip": "Scores by clip",
    "heds": "Human evaluation data sheet",
}


@dataclass
class Gathering:
    """The files of a deposit on their way into `folder`.

    Attributes:
        written, media: tables, images and sounds that are there already.
        findings: what of them might point to a person, and was accepted or does not block.
        analysis: the study's, of the answers as they are.
        files: those that are there, in the order of the deposit.
    """

    study: Study
    facts: PublicationFacts
    tables: Tables
    written: Sequence[Table]
    media: Sequence[Medium]
    findings: Sequence[Finding]
    analysis: Analysis
    folder: Path

    def gather(self, today: date) -> Iterator[str]:
        """Write all files but those of other formats; yield the path of each; `deposit` describes them then.

        Raises:
            NotAllowedNow: the analysis of the deposit's tables is another than the study's.
        """
        self.files: list[File] = []
        for table in self.written:
            yield self._enter(
                table.path, Role.DATA, "text/csv", table.title, table.description, columns=table.columns, key=table.key
            )
        yield self._write(
            paths.CODEBOOK,
            codebook_csv(self.written),
            Role.CODEBOOK,
            "Codebook",
            "One row for each column of each table, with what it means and what its cells may hold.",
        )
        yield from self._media()
        shown = self._analysis()
        yield from self._documents(shown)
        yield from self._report(shown)
        self.deposit: Deposit = describe(self.study, self.facts, self.tables, self.findings, shown, self.files, today)

    def _analysis(self) -> Analysis:
        """The study's analysis with the result of the deposit's tables, which are under other codes of people.

        Numbers that rest on random draws depend on the order of people; all others are as they were.
        """
        from config.deposits.reproduction.recomputing import analyse_deposit

        shown = copy(self.analysis)
        left_out = set(self.tables.moderators_left_out)
        moderators = [row for row in self.analysis.plan.get("moderators") or [] if row["column"] not in left_out]
        shown.plan = self.analysis.plan | {"moderators": moderators}
        shown.study = self.tables.without_what_is_left_out()
        shown.flow = without_reasons(self.analysis.flow)
        if not keeps_order(self.study):
            shown.plan["seed"] = int(canonical_digest([self.study.slug, self.study.plan_digest])[:8], 16)
        shown.result = json.loads(json.dumps(analyse_deposit(self.folder, shown.plan)))
        shown.versions = software_versions()
        if not _agree(main_numbers(self.analysis.result or {}), main_numbers(shown.result)):
            raise NotAllowedNow(
                _(
                    "The analysis of the deposit's tables is not that of the study, which an earlier version may have "
                    "computed: analyse again, then make the deposit."
                )
            )
        return shown

    def _media(self) -> Iterator[str]:
        for one in self.media:
            yield self._enter(
                one.path, one.role, media_type_of(one.path), one.title, one.description, licence=one.licence
            )
        if "stimuli.csv:prompt" not in self.facts.left_out:
            yield self._write(
                paths.PROVENANCE,
                json_bytes(self._provenance()),
                Role.PROVENANCE,
                "Provenance",
                "How each image was made: prompt, model, seed and settings; under “shown” how participants got it.",
            )

    def _provenance(self) -> dict[str, Any]:
        shown = images_shown(self.study)
        return {
            f"{clip.name} / {row.condition.key}": row.provenance | {"shown": shown}
            for clip in self.study.clips.filter(included=True).prefetch_related("stimuli__condition")
            for row in clip.stimuli.all()
        }

    def _documents(self, shown: Analysis) -> Iterator[str]:
        documents = (
            (
                *(paths.STUDY, _study(shown.study, shown), Role.PLAN, "Study"),
                "What was asked and promised: settings, the plan as it was fixed at opening, deviations from it.",
            ),
            (
                *(paths.PLAN, shown.plan, Role.PLAN, "Options of the analysis"),
                "The part of the plan that the statistics need: with the tables enough to make the analysis again.",
            ),
            (
                *(paths.ANALYSIS, shown.result, Role.ANALYSIS, "Analysis"),
                "All numbers of the report, made from the tables here and the options beside them.",
            ),
            (
                *(paths.VERSIONS, shown.versions, Role.ANALYSIS, "Versions"),
                "Name and version of the software that made the analysis.",
            ),
        )
        for path, data, role, title, words in documents:
            yield self._write(path, json_bytes(data), role, title, words)
        with translation.override("en"):
            pictures = list(interface_pictures(self.study))
        for name, content, caption in pictures:
            path = f"{paths.INTERFACE}/{name}"
            yield self._write(path, content, Role.PLAN, caption, "A page as participants saw it.")
        text = licence_text(self.study.licence).encode()
        yield self._write(paths.LICENCE, text, Role.LICENCE, "Licence", "Under which licence the data may be used.")

    def _report(self, shown: Analysis) -> Iterator[str]:
        for name, content in report_files(shown):
            stem, suffix = name.rsplit(".", 1)
            kind, _hyphen, language = stem.partition("-")
            words = {"en": " in English", "ko": " in Korean"}.get(language, "")
            title = _REPORT_TITLES[kind]
            yield self._write(
                f"{paths.RESULTS}/{name}", content, Role.REPORT, title, f"{title}{words}, as {suffix.upper()}.", suffix
            )

    def _write(self, path: str, content: bytes, role: Role, title: str, words: str, suffix: str = "") -> str:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return self._enter(path, role, media_type_of(path), title, words)

    def _enter(self, path: str, role: Role, media_type: str, title: str, words: str, **more: Any) -> str:
        content = self.folder / path
        file = File(
            path=path,
            role=role,
            media_type=media_type,
            title=title,
            description=words,
            sha256=file_digest(content),
            size=content.stat().st_size,
            **more,
        )
        self.files.append(file)
        return path


_MEDIA_TYPES = {
    "txt": "text/plain",
    "md": "text/markdown",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "wav": "audio/x-wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
}


def media_type_of(path: str) -> str:
    """The media type of a file by the end of its name."""
    suffix = path.rpartition(".")[2].lower()
    known = _MEDIA_TYPES.get(suffix) or CONTENT_TYPES.get(suffix, "application/octet-stream")
    return known.partition(";")[0]


def main_numbers(result: Mapping[str, Any]) -> dict[str, Any]:
    """The counts, scores and the primary estimate of an analysis JSON: none of them rests on random draws."""
    scores = result.get("scores") or {}
    return {
        **{name: result.get(name) for name in ("n_participants", "n_clips", "n_ballots")},
        "estimate": (result.get("primary") or {}).get("estimate"),
        "points": {key: row.get("points") for key, row in scores.items()},
    }


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_agree(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):  # sums over people in another order
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def _study(study: Study, analysis: Analysis) -> dict[str, Any]:
    return {
        "slug": study.slug,
        "title": study.title,
        "description": study.description,
        "simulated": study.simulated,
        "opened": study.opened_at and study.opened_at.date(),
        "closed": study.closed_at and study.closed_at.date(),
        "plan": study.plan.get("fixed") if keeps_order(study) else _without_seed(study.plan.get("fixed")),
        "plan_digest": study.plan_digest,
        "deviations": deviations_in_english(study, analysis),
        "consent": study.plan.get("consent"),
        "instrument": study.instrument or None,
        "images_shown": images_shown(study),
        "licence": study.licence,
        "version": study.version,
        "stages": list(study.stages),
    }


def _without_seed(plan: Any) -> Any:
    """The fixed plan without the seed of the orders: with it, a person's orders tell when the person came."""
    if not isinstance(plan, Mapping) or not isinstance(plan.get("design"), Mapping):
        return plan
    return {**plan, "design": {**plan["design"], "seed": None}}
