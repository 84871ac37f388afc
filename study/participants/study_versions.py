"""The versions of a study that runs: what was changed after the opening, and under which version somebody began.

What the plan fixes stays fixed: conditions, clips, design, weights, tests, questions. Texts, the contact address, the
target and what recruiting needs can change; each change makes a version, an entry of the log with the difference. Who
began under which follows from the entries alone, as with stages (`number_ranges`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from study import texts
from study.ballots.table import counted_kind
from study.errors import NotAllowedNow, StudyError
from study.models import LogEntry, Participant, Study
from study.models.log import record
from study.participants.number_ranges import Starts, last_number, with_start

MADE = "version made"
# Texts by language, and single values, which `change_study` changes.
TEXTS = ("question", "instructions", "consent_text", "screen_out_text")
# Codes and links let people be paid: the log says that they changed, and not to what.
WITHOUT_VALUES = frozenset({"completion_code", "return_url", "screen_out_code", "screen_out_url"})
Differences = list[dict[str, Any]]


def field_name(name: str) -> str:
    """What a field is called on pages and in the report."""
    names = {
        "question": _("Question"),
        "instructions": _("Instructions"),
        "consent_text": _("Consent"),
        "screen_out_text": _("What people read who are screened out"),
    }
    return names.get(name) or str(capfirst(Study._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def text_now(study: Study, name: str, language: str) -> str:
    """One of `TEXTS` as participants read it now."""
    with override(language):
        match name:
            case "question":
                return texts.question(study)
            case "instructions":
                return texts.instructions(study, study.conditions.count())
            case "consent_text":
                return texts.consent(study)
            case "screen_out_text":
                return texts.screened_out(study)
    raise ValueError(f"A study has no text called {name!r}.")


@transaction.atomic
def change_study(
    study: Study,
    *,
    written: Mapping[str, Mapping[str, str]],
    contact: str,
    target: int | None,
    reason: str,
    actor: Any = None,
) -> int:
    """Change what a running study may change, and make a version of it. Participants read it from their next page on.

    Somebody who has consented is not asked again; who has not is asked with the new text.

    Args:
        written: of `TEXTS` by language, as participants shall read them; what is absent stays.
        contact: the address for participants' questions, which the consent text names.
        target: how many people the main stage asks for; None for no number.

    Returns:
        The number of the version.

    Raises:
        NotAllowedNow: the study is a draft or closed.
        StudyError: no reason is given, a text or the contact is empty, or nothing is changed.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    refuse_unless_running(locked)
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise StudyError(_("Give a reason; it is written to the study's log."))
    if locked.contact and not contact.strip():
        raise StudyError(_("Participants need a contact address: write one."))
    differences = [
        *_single(locked, "contact", contact.strip()),
        *_single(locked, "target_participants", target),
        *_texts(locked, written, contact.strip()),
    ]
    if not differences:
        raise StudyError(_("Nothing was changed, so there is no new version."))
    changed = ["contact", "target_participants", *TEXTS, "plan", "consent_version"]
    locked.save(update_fields=changed)
    number = make_version(locked, differences, reason=reason, actor=actor)
    study.refresh_from_db()
    return number


def refuse_unless_running(study: Study) -> None:
    """Raise NotAllowedNow if the study is a draft or closed."""
    if study.status not in Study.TAKES_ANSWERS:
        raise NotAllowedNow(_("A study is changed here while it runs: a draft under Describe, a closed one no more."))


def _single(study: Study, name: str, new: Any) -> Differences:
    old = getattr(study, name)
    if old == new:
        return []
    setattr(study, name, new)
    return [{"field": name, "old": old, "new": new}]


def _texts(study: Study, written: Mapping[str, Mapping[str, str]], contact: str) -> Differences:
    """Set the texts of a study, the consent's also where it names a contact address that has changed."""
    before = Study.objects.get(pk=study.pk)
    found: Differences = []
    consent = dict(before.plan.get("consent") or {})
    for language, _name in settings.LANGUAGES:
        for name in TEXTS:
            old = text_now(before, name, language)
            new = written.get(name, {}).get(language, "").replace("\r\n", "\n").strip() or old
            if name == "consent_text" and new == old and before.contact and contact != before.contact:
                new = old.replace(before.contact, contact)
            if new == old:
                continue
            setattr(study, name, getattr(study, name) | {language: new})
            found.append({"field": name, "language": language, "old": old, "new": new})
            if name == "consent_text":
                consent[language] = new
    if consent != (before.plan.get("consent") or {}):
        study.plan = study.plan | {"consent": consent}
        study.consent_version += 1
    return found


def make_version(study: Study, differences: Differences, *, reason: str = "", actor: Any = None) -> int:
    """Give a running study, whose row is locked, its next version, and write the difference to the log.

    Call it last in the transaction of the change.
    """
    study.version += 1
    study.save(update_fields=["version"])
    hidden = [{"field": row["field"]} if row["field"] in WITHOUT_VALUES else row for row in differences]
    unfinished = study.participants.filter(kind=counted_kind(study), status=Participant.Status.STARTED).count()
    record(
        study,
        MADE,
        actor=actor,
        reason=reason,
        version=study.version,
        after=last_number(study),
        unfinished=unfinished,
        differences=hidden,
    )
    return study.version


def differences_of(before: Study, after: Study, names: Iterable[str]) -> Differences:
    """The values of these columns that differ between two states of a study."""
    return [
        {"field": name, "old": getattr(before, name), "new": getattr(after, name)}
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def version_entries(study: Study) -> list[LogEntry]:
    """The entries of the log that made the study's versions, in their order; the first version has none."""
    return list(study.log.filter(action=MADE).order_by("number")) if study.version > 1 else []


def count_by_version(study: Study) -> dict[int, int]:
    """How many people began under each version, of all stages; those who withdrew too."""
    people = study.participants.filter(kind=counted_kind(study)).order_by()
    return {row["study_version"]: row["n"] for row in people.values("study_version").annotate(n=Count("pk"))}


def version_starts(starts: Starts, data: Mapping[str, Any]) -> Starts:
    """The starts of the versions by the log, with those of one more entry `MADE`.

    Raises ValueError for an entry that no version of Earsight writes.
    """
    after, version = data.get("after"), data.get("version")
    if type(after) is not int or after < 0 or type(version) is not int or version < 2:
        raise ValueError(f"No version of a study begins like this: {version!r} after {after!r}.")
    return with_start(starts, after, version)
