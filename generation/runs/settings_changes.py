"""Change what a study's runs follow: its generation settings, and what becomes of tags that its rules do not know."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from generation.redefinition.choices import TagChoice
from generation.runs import lifecycle
from generation.settings_model import GenerationSettings, settings_of, store_settings
from study.models import Study
from study.models.log import record


@transaction.atomic
def change_settings(study: Study, chosen: GenerationSettings, *, keep_unchanged: bool, actor: Any) -> None:
    """Store the settings; the next run repeats only the steps that depend on what has changed.

    Args:
        keep_unchanged: whether clips whose original and corrected tags are the same stay in the study.

    Raises:
        NotPossibleNow: the study is no draft, or a run is at work by these settings.
    """
    lifecycle.lock_settings(study)
    store_settings(study, chosen)
    Study.objects.filter(pk=study.pk).update(include_unchanged_clips=keep_unchanged)
    record(study, "generation settings changed", actor=actor, settings=chosen.model_dump(mode="json"))


@transaction.atomic
def save_tag_choices(study: Study, choices: Mapping[str, TagChoice], *, actor: Any) -> None:
    """Store what becomes of unknown tags, by their normal names; the next run applies it before the rules.

    Raises:
        NotPossibleNow: the study is no draft, or a run is at work by these settings.
    """
    lifecycle.lock_settings(study)
    store_settings(study, settings_of(study).model_copy(update={"tag_choices": dict(choices)}))
    named = {tag: str(choice) for tag, choice in sorted(choices.items())}
    record(study, "tag choices saved", actor=actor, choices=named)
