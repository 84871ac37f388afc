"""The researcher's answers for the reporting checklists, stored in the study's plan.

They are not part of the fixed plan and may be changed at any time.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from study.models import Study
from study.models.log import record
from study.texts import ethics_sentence

# (key, label, help). Each may stay empty and is then listed as missing.
FIELDS: tuple[tuple[str, Any, Any], ...] = (
    ("dataset", _("Where the clips come from"), _("source, licence, whether public, how chosen")),
    ("population", _("Who may take part"), _("criteria, experience, working environment")),
    ("recruitment", _("How people are found"), _("channels, gatekeepers, how a varied sample is sought")),
    ("demographics", _("Who took part"), _("age, country, musical training, as far as known")),
    ("expertise", _("Are they experts?"), _("of music or images, and how you know")),
    ("acquaintance", _("Known to you?"), _("whether participants know the researchers, or are researchers themselves")),
    ("reward", _("Reward"), _("payment, credit or thanks, and how much")),
    ("hourly_wage", _("Hourly wage"), _("a number; the report sets the median working time against it")),
    ("fairness", _("Fair compensation"), _("the minimum wage where people live, and how the reward compares")),
    ("interaction", _("Contact with participants"), _("questions asked and answered, feedback, complaints")),
    ("ethics", _("Ethical approval"), _("what the step “Describe” does not say: committee and number, or why none")),
    ("privacy", _("Privacy rules"), _("which law applies; impact assessment, if any")),
    ("power", _("Power"), _("power planned for, the assumed effect, how it was computed")),
    ("data_link", _("Where the data are"), _("address of the published export")),
    ("source_link", _("Where the interface's source is"), _("address of the repository and version")),
    ("paper", _("Main reference"), _("paper or preregistration, and which experiment of it")),
    (
        "deviations",
        _("Deviations from the plan"),
        _("what only you know (optional); what the study's record shows is filled in automatically"),
    ),
    ("contact", _("Contact"), _("what the step “Describe” does not say: name, affiliation, e-mail address")),
)

# Licences of the data to choose from, by their SPDX names; others are stored as they were written.
LICENCES = {"CC-BY-4.0": "CC BY 4.0", "CC0-1.0": "CC0 1.0", "CC-BY-NC-4.0": "CC BY-NC 4.0"}

# An empty answer to these is not listed as missing.
MAY_STAY_EMPTY = frozenset({"deviations"})


def asked_of(study: Study) -> list[str]:
    """Return the keys of the answers that the checklists need and the study itself does not have."""
    known = {"ethics": ethics_sentence(study), "contact": study.contact}
    return [key for key, _label, _help in FIELDS if key not in MAY_STAY_EMPTY and not known.get(key)]


def reporting_answers(study: Study) -> dict[str, str]:
    """The researcher's answers by field key; empty answers are left out."""
    return dict(study.plan.get("reporting") or {})


@transaction.atomic
def save_reporting_answers(
    study: Study, answers: Mapping[str, str], *, licence: str | None = None, actor: Any = None
) -> None:
    """Replace the researcher's answers. The log names those that changed.

    Args:
        licence: of the study's data, which exports state; None leaves it as it is.
    """
    row = Study.objects.select_for_update().get(pk=study.pk)
    before = reporting_answers(row)
    row.plan = row.plan | {"reporting": {key: text for key, text in answers.items() if text}}
    changed = sorted(key for key, text in answers.items() if text != before.get(key, ""))
    if licence is not None and licence != row.licence:
        row.licence = study.licence = licence
        changed.append("licence")
    row.save(update_fields=["plan", "licence"])
    record(row, "reporting answers saved", actor=actor, answers=changed)
    study.plan = row.plan
