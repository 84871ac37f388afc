"""Change a study before it opens: its texts, its conditions, its plan; delete a draft."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.design.conditions import ConditionPreset, create_conditions
from study.errors import NotAllowedNow
from study.models import Deletion, Stimulus, Study
from study.models.log import lock_chain, record
from study.participants.exclusion_rules import Rule, rules_json
from study.participants.study_versions import differences_of, make_version
from study.setup.clip_files import delete_files, files_of_study
from study.setup.draft_lock import lock_settings, settings_fixed
from study.setup.trash import erase, keep_for_undo
from study.texts import FIELDS, consent_texts, shipped_text

# Fields outside the plan, which may change while people answer.
CHANGEABLE_WHILE_OPEN = frozenset(
    {
        "completion_code",
        "return_url",
        "screen_out_code",
        "screen_out_url",
        "recruitment_platform",
        "stop_at_target",
        "keep_ids_days",
        "reward",
        "reward_currency",
        "wage",
    }
)


def _update(study: Study, statuses: tuple[str, ...], **fields: Any) -> None:
    """Write fields only if the status still permits it: the study may open at the same time."""
    if not Study.objects.filter(pk=study.pk, status__in=statuses).update(**fields):
        study.refresh_from_db()
        raise settings_fixed(study)
    for name, value in fields.items():
        setattr(study, name, value)


@transaction.atomic
def describe_study(
    study: Study,
    *,
    title: str,
    description: str,
    languages: list[str],
    texts: dict[str, dict[str, str]],
    responsible: Mapping[str, str] | None = None,
    actor: Any = None,
) -> None:
    """Save the texts that people read. A text equal to the default is not stored, so that it follows the default.

    Args:
        responsible: who answers to the participants, by `RESPONSIBLE` of `study.texts`; what is absent stays.

    Raises:
        NotAllowedNow: the study is no draft.
    """
    own = {
        field: {
            language: text
            for language, text in texts.get(field, {}).items()
            if text and text != shipped_text(study, field, language)
        }
        for field in FIELDS
    }
    changed = copy(study)
    for name, value in {**own, **(responsible or {})}.items():
        setattr(changed, name, value)
    _update(
        study,
        Study.SETTINGS_CAN_CHANGE,
        title=title,
        description=description,
        languages=languages,
        consent_version=study.consent_version + (consent_texts(changed) != consent_texts(study)),
        **own,
        **(responsible or {}),
    )
    record(study, "described", actor=actor)


@transaction.atomic
def replace_conditions(study: Study, presets: Sequence[ConditionPreset], *, actor: Any = None) -> None:
    """Replace a draft's conditions; once there are images, only labels may change.

    Raises:
        NotAllowedNow: the study is no draft, or there are images of conditions that would be deleted.
        ValueError: fewer than two or more than six conditions, or a key twice.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if not locked.settings_can_change:
        raise NotAllowedNow(_("The study has opened: its conditions are fixed."))
    rows = list(study.conditions.all())
    same_design = [(row.key, row.levels) for row in rows] == [(new.key, new.levels) for new in presets]
    if same_design:
        for row, new in zip(rows, presets, strict=True):
            if row.label != new.label:
                row.label = new.label
                row.save(update_fields=["label"])
    else:
        if Stimulus.objects.filter(clip__study=study).exclude(image="").exists():
            raise NotAllowedNow(
                _("There are images for the present conditions already. Delete the clips first, or copy the study.")
            )
        study.conditions.all().delete()
        create_conditions(study, presets)
    record(study, "conditions changed", actor=actor, keys=[new.key for new in presets])


@transaction.atomic
def save_plan(study: Study, fields: dict[str, Any], *, rules: Iterable[Rule] | None = None, actor: Any = None) -> None:
    """Save the design and the plan; while people answer, only the fields that the plan does not fix.

    Args:
        fields: values by the names of the study's fields.
        rules: the plan's exclusion rules; None leaves them as they are.

    Raises:
        NotAllowedNow: the study's state does not permit a change of these fields.
    """
    if study.settings_can_change:
        # As it is stored now: the pages of questions and of analysis rules write into the plan, too.
        plan = lock_settings(study).plan | {"reviewed": True}
        if rules is not None:
            plan["exclusions"] = rules_json(rules)
        _update(study, Study.SETTINGS_CAN_CHANGE, plan=plan, **fields)
    else:
        before = Study.objects.select_for_update().get(pk=study.pk)
        changeable = {name: value for name, value in fields.items() if name in CHANGEABLE_WHILE_OPEN}
        _update(study, tuple(Study.TAKES_ANSWERS), **changeable)
        fields = changeable
        study.refresh_from_db(fields=[*changeable, "version"])  # amounts as they are stored: 5.00, not 5
        differences = differences_of(before, study, sorted(changeable))
        if differences:
            make_version(study, differences, actor=actor)
    saved = {name: str(value)[:200] for name, value in fields.items()}
    if study.settings_can_change and rules is not None:
        saved["exclusions"] = str(study.plan["exclusions"])[:200]
    record(study, "plan saved", actor=actor, fields=saved)


@transaction.atomic
def delete_draft(study: Study, *, actor: Any = None) -> Deletion:
    """Delete a draft; the installation's log keeps its last head.

    For a day it can be brought back, with clips, images and log; its pilots and their answers are erased at once.

    Raises:
        NotAllowedNow: the study has opened; it can only be archived.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if not locked.settings_can_change:
        raise NotAllowedNow(_("The study has opened, so its record must be kept. You can archive it."))
    for rehearsal in locked.rehearsals.all():
        erase_study(rehearsal, actor=actor)
    files = files_of_study(locked)
    erase(locked.deletions.all())
    locked.participants.all().delete()
    chain = lock_chain(locked)
    deletion = keep_for_undo(
        Deletion.Kind.STUDY, [locked], study=None, names=[locked.title], files=files, owner_id=locked.owner_id, by=actor
    )
    record(None, "study deleted", actor=actor, slug=locked.slug, number=chain.number, head=chain.head)
    study.delete()
    return deletion


def erase_study(study: Study, *, actor: Any) -> None:
    """Delete a study with everything of it, in the caller's transaction, who has made sure that it may go.

    Files that another study uses stay; the installation's log keeps its last head.
    """
    files = files_of_study(study)
    study.participants.all().delete()
    chain = lock_chain(study)
    study.delete()
    record(None, "study deleted", actor=actor, slug=study.slug, number=chain.number, head=chain.head)
    transaction.on_commit(lambda: delete_files(files))
