"""Describe a deposit: what the study and its researchers say of themselves, in English."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Max, Min
from django.utils import translation

from analysis.models import Analysis
from analysis.study_results.question_views import asked_in_words
from analysis.study_results.report_context import notices
from analysis.study_results.reporting_answers import reporting_answers
from config.deposits.description import Condition, Deposit, File
from config.deposits.facts import PublicationFacts
from config.deposits.licences import licence_address
from config.deposits.persons import Finding, personal_sentences
from config.deposits.tables.people import keeps_order
from config.deposits.tables.study_tables import Tables
from study import texts
from study.ballots.commitments import ENDED
from study.ballots.table import kinds_of
from study.console.downloads import DOWNLOADED
from study.models import Ballot, Participant, Study
from study.participants.flag_words import rules_in_words
from study.participants.rewards import pay_reported
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED

# Of a study whose researchers name none.
KEYWORDS = ("human evaluation", "music", "image generation", "blinded study")
# Entries of the log that change nothing in the study: with their heads no deposit would be like another.
_WITHOUT_EFFECT = (DOWNLOADED, ENDED, PUBLISHED, NOT_PUBLISHED)


def describe(
    study: Study,
    facts: PublicationFacts,
    tables: Tables,
    found: Sequence[Finding],
    analysis: Analysis,
    files: Sequence[File],
    today: date,
) -> Deposit:
    """The deposit of these files; `analysis` is that of its tables, `found` what in them might point to a person."""
    result: dict[str, Any] = analysis.result or {}
    with translation.override("en"):
        said = reporting_answers(study)
        return Deposit(
            slug=study.slug,
            title=study.title,
            description=study.description.strip() or _what_it_is(study, result),
            creators=facts.creators,
            keywords=facts.keywords or KEYWORDS,
            licence=study.licence,
            licence_address=licence_address(study.licence),
            version=facts.version,
            published=today,
            collected=_collected(study),
            languages=tuple(texts.languages_of(study)),
            conditions=tuple(
                Condition(key=row.key, label=translation.gettext(row.label), levels=dict(row.levels))
                for row in study.conditions.order_by("number")
            ),
            question=texts.question(study),
            instrument=tuple(asked_in_words(study)) or _classic(study),
            n_participants=result["n_participants"],
            n_clips=result["n_clips"],
            n_answers=result["n_ballots"],
            files=tuple(files),
            address=facts.address or _link(said.get("data_link", "")),
            publisher=facts.publisher,
            funding=facts.funding,
            related=facts.related,
            population=said.get("population", ""),
            recruitment=said.get("recruitment", ""),
            compensation=_joined(said.get("reward"), pay_reported(study), said.get("fairness")),
            ethics=_joined(texts.ethics_sentence(study), said.get("ethics")),
            consent=texts.consent(study),
            demographics=said.get("demographics", ""),
            exclusions=_exclusions(study, analysis),
            limits=(*notices(study), *map(str, result.get("warnings") or ())),
            personal=personal(study, facts, tables, found),
            simulated=study.simulated,
            plan_digest=study.plan_digest,
            log_head=_log_head(study),
            software=dict(analysis.versions),
            contact=_joined(texts.responsible(study, "contact"), said.get("contact")),
        )


def personal(study: Study, facts: PublicationFacts, tables: Tables, found: Sequence[Finding]) -> tuple[str, ...]:
    """What the deposit holds about people and what it leaves out, a sentence each."""
    codes = "People are named by codes that exist in this deposit alone"
    if keeps_order(study):
        codes += ", numbered in the order in which they came: the analysis, which may stop early, goes by it."
    else:
        codes += (
            ", in an order that is not that in which they came; numbers that rest on random draws, such as bootstrap "
            "intervals, may differ in their last digits from those of a report made elsewhere. The seed of the orders "
            "is left out of the plan for the same reason, so the plan's digest is that of the whole plan."
        )
    sentences = [
        codes,
        "Left out of every deposit: when people came and answered, the ids of recruiting platforms, links and "
        "receipts, and the researchers' reasons for leaving a person out.",
        *personal_sentences(found, facts.left_out, facts.kept),
    ]
    if moderators := tables.moderators_left_out:
        sentences.append(
            "The plan compares groups of people by columns that are left out, so this analysis does not: "
            f"{', '.join(moderators)}."
        )
    return tuple(sentences)


def _what_it_is(study: Study, result: dict[str, Any]) -> str:
    made = "simulated answers" if study.simulated else "answers"
    return (
        f"The {made} of {result['n_participants']} people in a blinded human-evaluation study of images made from "
        f"music: {result['n_clips']} clips, each with an image of each of {study.conditions.count()} ways of making "
        "them."
    )


def _classic(study: Study) -> tuple[str, ...]:
    second = "required" if study.second_choice_required else "optional"
    asked = [f"Choose the image that fits best, and the one that fits second best ({second})."]
    if study.allow_none_fits:
        asked.append("Or: none of the images fits.")
    if study.ask_familiarity:
        asked.append("Do you know this piece?")
    if study.ask_reason:
        asked.append("A reason, in one line.")
    return tuple(asked)


def _collected(study: Study) -> tuple[date, date] | None:
    people = study.participants.filter(kind__in=kinds_of(study)).exclude(status=Participant.Status.WITHDRAWN)
    times = Ballot.objects.filter(trial__participant__in=people).aggregate(Min("answered_at"), Max("answered_at"))
    first, last = times["answered_at__min"], times["answered_at__max"]
    return None if first is None or last is None else (first.date(), last.date())


def _exclusions(study: Study, analysis: Analysis) -> str:
    flow = analysis.flow or {}
    by_hand = sum((flow.get("by_hand") or {}).values())
    rules = "; ".join(rules_in_words(study))
    return _joined(
        f"Rules of the plan by which people are left out: {rules}." if rules else "The plan leaves nobody out by rule.",
        f"Left out by hand: {by_hand}." if by_hand else "",
    )


def _log_head(study: Study) -> str:
    entry = study.log.exclude(action__in=_WITHOUT_EFFECT).order_by("number").last()
    return entry.head if entry is not None else ""


def _link(text: str) -> str:
    return text if text.startswith(("https://", "http://")) and " " not in text else ""


def _joined(*parts: str | None) -> str:
    return "\n\n".join(part.strip() for part in parts if part and part.strip())
