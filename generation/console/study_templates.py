"""The part `generation` of a template of studies: settings that name nothing of one installation.

Every command imports this module, so the rules of redefinition and the settings are imported when they are needed.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from study.models import Study
from study.setup.template_parts import GenerationPart, register

# No tagger, writer or painter: these name services, models and files.
NAMES = ("tag_source", "tag_limit", "tag_floor", "rules", "prompt_words")


def check(values: Mapping[str, Any]) -> str:
    """Return what is wrong with the values, or nothing."""
    from pydantic import ValidationError

    from generation.redefinition.rules.rule_files import SHIPPED
    from generation.settings_model import GenerationSettings

    if unknown := sorted(values.keys() - set(NAMES)):
        return f"a template does not set {', '.join(unknown)[:100]}; leave it out"
    if values.get("rules", SHIPPED[0]) not in SHIPPED:
        return f"rules: one of {', '.join(SHIPPED)}"
    try:
        GenerationSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return ""


def apply(study: Study, values: Mapping[str, Any]) -> None:
    """Save the values as the settings of a draft, which has none yet."""
    from generation.settings_model import GenerationSettings, store_settings

    store_settings(study, GenerationSettings.model_validate(dict(values)))


def read(study: Study) -> dict[str, Any]:
    """Return what a template made from the study sets; nothing of rules that are the study's own."""
    from generation.redefinition.rules.rule_files import SHIPPED
    from generation.settings_model import GenerationSettings, settings_of

    chosen, default = settings_of(study), GenerationSettings()
    found = {name: value for name in NAMES if (value := getattr(chosen, name)) != getattr(default, name)}
    if found.get("rules", SHIPPED[0]) not in SHIPPED:
        del found["rules"]
    return found


def words(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the values set, in the words of the settings page."""
    from generation.console.settings_form import CHOICES, LABELS, SHIPPED_RULES  # slow to import, as the checks are

    choices = CHOICES | {"rules": SHIPPED_RULES}
    return [
        (str(LABELS.get(name) or _(name.replace("_", " ").capitalize())), str(choices.get(name, {}).get(value, value)))
        for name, value in values.items()
    ]


register(GenerationPart(check, apply, read, words))
