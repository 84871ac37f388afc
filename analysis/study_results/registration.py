"""A study's preregistration as the plan keeps it: what only the researchers know, and where it was filed.

It is not part of the fixed plan. What is filed is kept with the plan as it was then, and never changed: a later filing
is added to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.digests import canonical_digest
from study.errors import StudyError
from study.models import Study
from study.models.log import record
from study.setup.lifecycle import current_plan

# (key, label, help). The forms of registries ask for more; the rest is known from the study or from Reporting.
FIELDS: tuple[tuple[str, Any, Any], ...] = (
    ("question", gettext_lazy("Research question"), gettext_lazy("in your own words, with what is behind it")),
    (
        "existing_explained",
        gettext_lazy("Explanation of existing data"),
        gettext_lazy("who has seen what of them, and how you stay unaware of patterns; empty without existing data"),
    ),
    ("timeline", gettext_lazy("Timeline"), gettext_lazy("when answers are to be collected")),
    (
        "rationale",
        gettext_lazy("Sample size rationale"),
        gettext_lazy("beside the answer of “Power”: time, money, earlier studies"),
    ),
    ("exploratory", gettext_lazy("Exploratory analyses"), gettext_lazy("looked at without a hypothesis")),
    ("other", gettext_lazy("Anything else"), gettext_lazy("literature, related work, conflicts of interest")),
)
# The words are those of the OSF's form (`analysis.preregistration.forms`).
EXISTING = {
    "none": gettext_lazy("no data have been collected yet"),
    "unobserved": gettext_lazy("data exist, and nobody has observed them"),
    "unaccessed": gettext_lazy("data exist, and we have not accessed them"),
    "unanalysed": gettext_lazy("we have accessed data, and analysed none"),
    "analysed": gettext_lazy("we have analysed some of the data"),
}
FORM_NAMES = {"osf": "OSF Preregistration", "aspredicted": "AsPredicted", "other": gettext_lazy("another form")}
SAVED, REGISTERED = "registration answers saved", "registered"  # in the log
MOST_FILED = 20


@dataclass(frozen=True, kw_only=True)
class Filing:
    """A registration that was filed.

    Attributes:
        form: a key of `FORM_NAMES`.
        day: of the registry's time stamp, as the researchers state it; `embargo`: until when it is closed, or None.
        recorded_at: when it was recorded here.
        digest: SHA-256 of the plan as it was at that time; `plan` the plan itself.
        directions: what was expected of each contrast then.
    """

    form: str
    address: str
    day: date
    embargo: date | None
    recorded_at: datetime
    digest: str
    plan: Mapping[str, Any]
    directions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What is stored of a study's preregistration.

    Attributes:
        answers: the researchers' texts by the keys of `FIELDS`; those not given are absent.
        existing: a key of `EXISTING`; empty: not stated.
        directions: contrast → "more" or "less", that of `PlannedContrast.high`; others have no direction.
        saved_at: when answers and directions were last saved; None if never.
        filed: in the order in which they were recorded.
    """

    answers: Mapping[str, str]
    existing: str
    directions: Mapping[str, str]
    saved_at: datetime | None
    filed: tuple[Filing, ...]


def is_begun(study: Study) -> bool:
    """Whether anything of a preregistration is stored."""
    return bool(study.plan.get("registration"))


def registration_of(study: Study) -> Registration:
    """What is stored of the study's preregistration; all of it empty if there is none."""
    stored = study.plan.get("registration") or {}
    return Registration(
        answers=dict(stored.get("answers") or {}),
        existing=stored.get("existing", ""),
        directions=dict(stored.get("directions") or {}),
        saved_at=parse_datetime(stored.get("saved_at") or ""),
        filed=tuple(_filing(study, row) for row in stored.get("filed") or ()),
    )


def _filing(study: Study, row: Mapping[str, Any]) -> Filing:
    recorded = parse_datetime(row["recorded_at"])
    assert recorded is not None, "only record_filing writes it"
    return Filing(
        form=row["form"],
        address=row["address"],
        day=date.fromisoformat(row["day"]),
        embargo=date.fromisoformat(row["embargo"]) if row.get("embargo") else None,
        recorded_at=recorded,
        digest=row["digest"],
        # Of the plan that was fixed there is one copy.
        plan=row.get("plan") or study.plan.get("fixed") or {},
        directions=dict(row.get("directions") or {}),
    )


def registered(study: Study) -> Filing | None:
    """The filing that counts: the last that was recorded before the study opened, else the first; None without any."""
    filed = registration_of(study).filed
    before = [each for each in filed if came_first(study, each)]
    return before[-1] if before else next(iter(filed), None)


def came_first(study: Study, filing: Filing) -> bool:
    """Whether the filing was recorded before the study opened: later the plan that it describes is not known."""
    return study.opened_at is None or filing.recorded_at < study.opened_at


def is_registered_before_opening(study: Study) -> bool:
    """Whether the study has opened with a registration that was recorded before."""
    filing = registered(study)
    return study.opened_at is not None and filing is not None and came_first(study, filing)


def plan_now(study: Study) -> Mapping[str, Any]:
    """The fixed plan; of a draft the plan that opening would fix now."""
    return study.plan.get("fixed") or current_plan(study)


def plan_digest_now(study: Study) -> str:
    """The digest of `plan_now`; any change of a draft's plan alters it."""
    return study.plan_digest or canonical_digest(current_plan(study))


@transaction.atomic
def save_registration(
    study: Study, answers: Mapping[str, str], *, existing: str, directions: Mapping[str, str], actor: Any = None
) -> None:
    """Replace the researchers' answers and the directions that they expect. The log names what changed."""
    row = Study.objects.select_for_update().get(pk=study.pk)
    before = registration_of(row)
    given = {key: text for key, text in answers.items() if text}
    expected = {key: direction for key, direction in directions.items() if direction}
    changed = sorted(key for key in {*given, *before.answers} if given.get(key) != before.answers.get(key))
    changed += [
        *(["existing"] if existing != before.existing else []),
        *(["directions"] if expected != before.directions else []),
    ]
    if not changed:
        return
    now = {"answers": given, "existing": existing, "directions": expected, "saved_at": timezone.now().isoformat()}
    row.plan = row.plan | {"registration": (row.plan.get("registration") or {}) | now}
    row.save(update_fields=["plan"])
    record(row, SAVED, actor=actor, answers=changed)
    study.plan = row.plan


@transaction.atomic
def record_filing(
    study: Study, *, form: str, address: str, day: date, embargo: date | None = None, actor: Any = None
) -> None:
    """Record that the study was registered, with the plan as it is now and the directions that are expected.

    Raises:
        StudyError: the day is in the future, the embargo ends before it, or so many are recorded already.
    """
    if day > timezone.localdate():
        raise StudyError(_("The day of the registration has not come yet: record it once it is filed."))
    if embargo is not None and embargo < day:
        raise StudyError(_("The embargo ends before the day of the registration: correct one of the two."))
    row = Study.objects.select_for_update().get(pk=study.pk)
    stored = row.plan.get("registration") or {}
    filed = list(stored.get("filed") or ())
    if len(filed) >= MOST_FILED:
        raise StudyError(_("%(n)d registrations are recorded already, and no more can be.") % {"n": MOST_FILED})
    digest = plan_digest_now(row)
    filing = {
        "form": form,
        "address": address,
        "day": day.isoformat(),
        "embargo": embargo.isoformat() if embargo else "",
        "recorded_at": timezone.now().isoformat(),
        "digest": digest,
        "directions": dict(stored.get("directions") or {}),
        **({} if row.plan_digest else {"plan": current_plan(row)}),
    }
    row.plan = row.plan | {"registration": stored | {"filed": [*filed, filing]}}
    row.save(update_fields=["plan"])
    facts: dict[str, Any] = {key: filing[key] for key in ("form", "address", "day", "embargo")}
    record(row, REGISTERED, actor=actor, **facts, plan_digest=digest)
    study.plan = row.plan


def filing_sentence(study: Study, filing: Filing) -> str:
    """Where and when the study was registered, against the opening and the plan, in the current language."""
    text = _("Registered at %(address)s on %(day)s (%(form)s).") % {
        "address": filing.address,
        "day": filing.day.isoformat(),
        "form": FORM_NAMES.get(filing.form, filing.form),
    }
    return " ".join([text, _when(study, filing), _which_plan(study, filing)]).strip()


def _when(study: Study, filing: Filing) -> str:
    if study.opened_at is None:
        return ""
    opened = timezone.localdate(study.opened_at)
    if came_first(study, filing):
        return _("It was recorded here before the study opened.")
    if filing.day < opened:
        return _(
            "It was recorded here only after the study had opened; that it was filed before is the researchers' "
            "statement, which the registry's date can confirm."
        )
    if filing.day == opened:
        return _("It was filed on the day on which the study opened, and recorded here after the opening.")
    return _("It was filed after the study had opened.")


def _which_plan(study: Study, filing: Filing) -> str:
    if not study.plan_digest:
        if filing.digest == plan_digest_now(study):
            return _("The plan has not been changed since.")
        return _("The plan has been changed since: it is no longer the one that was registered.")
    if not came_first(study, filing):
        return _("Whether it describes the plan that was fixed at opening is not known here (SHA-256 %(digest)s).") % {
            "digest": study.plan_digest
        }
    if filing.digest == study.plan_digest:
        return _("The plan that was registered is the one that was fixed at opening (SHA-256 %(digest)s).") % {
            "digest": filing.digest
        }
    return _(
        "The plan was changed between the registration and the opening: its digest was %(registered)s, and %(fixed)s "
        "was fixed."
    ) % {"registered": filing.digest, "fixed": study.plan_digest}
