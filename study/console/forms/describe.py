"""The forms of the step “Describe”: the conditions, a new study, what participants read."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import override as in_language

from study.console.forms.versions import KeptForm
from study.design.conditions import TAGS_BY_FORM, ConditionPreset
from study.models import Study
from study.setup.responsible import names_of_last_study
from study.texts import (
    FIELDS,
    PLACEHOLDERS,
    RESPONSIBLE,
    asks_question_of_study,
    languages_of,
    shipped_text,
    unknown_placeholders,
)

MAX_CONDITIONS = 6
TITLE_HELP = gettext_lazy("For you and your colleagues, and the heading of the report; participants do not see it.")


class ConditionsForm(KeptForm, forms.Form):
    """The 2 × 2 of tag set and prompt form, or two to six conditions of the researcher's own."""

    design = forms.ChoiceField(
        label=gettext_lazy("Conditions"),
        choices=[
            ("preset", gettext_lazy("Tag set × prompt form: four images made from each clip's tags")),
            ("own", gettext_lazy("My own conditions: two to six, with images made elsewhere")),
        ],
        widget=forms.RadioSelect,
        initial="preset",
    )

    def __init__(self, *args: Any, presets: tuple[ConditionPreset, ...] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = presets is not None and [row.key for row in presets] != [row.key for row in TAGS_BY_FORM]
        if presets is not None:
            self.fields["design"].initial = "own" if own else "preset"
        for number in range(1, MAX_CONDITIONS + 1):
            row = presets[number - 1] if own and presets and number <= len(presets) else None
            self.fields[f"label_{number}"] = forms.CharField(
                label=_("Name of condition %(n)d") % {"n": number},
                required=False,
                max_length=120,
                initial=row.label if row else "",
            )
            self.fields[f"key_{number}"] = forms.CharField(
                label=_("Key of condition %(n)d") % {"n": number},
                required=False,
                max_length=60,
                initial=row.key if row else "",
            )
            self.fields[f"levels_{number}"] = forms.CharField(
                label=_("What distinguishes condition %(n)d") % {"n": number},
                required=False,
                max_length=300,
                initial="; ".join(f"{name}={level}" for name, level in row.levels.items()) if row else "",
            )

    def group_of(self, name: str) -> str:
        """Treat all conditions as one value: rows of two people's lists would make a third."""
        return "conditions" if name == "design" or name[-1:].isdigit() else name

    def condition_rows(self) -> list[dict[str, Any]]:
        """Return the fields of each condition."""
        return [
            {"number": n, **{part: self[f"{part}_{n}"] for part in ("label", "key", "levels")}}
            for n in range(1, MAX_CONDITIONS + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["presets"] = TAGS_BY_FORM if cleaned.get("design") == "preset" else tuple(self._own(cleaned))
        return cleaned

    def _own(self, cleaned: dict[str, Any]) -> Iterator[ConditionPreset]:
        keys: list[str] = []
        for number in range(1, MAX_CONDITIONS + 1):
            label, key, levels = (
                (cleaned.get(f"{part}_{number}") or "").strip() for part in ("label", "key", "levels")
            )
            if not (label or key or levels):
                continue
            if not label:
                self.add_error(f"label_{number}", _("Give this condition a name, or empty its row."))
                continue
            key = slugify(key or label).replace("-", "_")
            if not key:
                self.add_error(
                    f"key_{number}",
                    _("Write a key of Latin letters, digits and _ for “%(name)s”.") % {"name": label},
                )
                continue
            if key in keys:
                self.add_error(f"key_{number}", _("The key “%(key)s” is taken. Choose another.") % {"key": key})
                continue
            keys.append(key)
            try:
                yield ConditionPreset(key, label, _levels(levels))
            except ValidationError as error:
                self.add_error(f"levels_{number}", error)
        if len(keys) < 2 and not self.errors:
            self.add_error("design", _("Name at least two conditions."))


def _levels(text: str) -> dict[str, str]:
    """Parse `tags=original; form=sentence`."""
    levels = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, sign, level = (piece.strip() for piece in part.partition("="))
        if not (sign and name and level):
            raise ValidationError(
                _("“%(part)s”: write what distinguishes it as property=value, several separated by semicolons.")
                % {"part": part.strip()}
            )
        levels[name] = level
    return levels


class CreateStudyForm(ConditionsForm):
    """A new study: its title and its conditions; everything else can wait."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=TITLE_HELP,
    )
    field_order = ("title", "design")


def _responsible_of(study: Study) -> dict[str, str]:
    return {name: getattr(study, name) for name in RESPONSIBLE}


class DescribeForm(KeptForm, forms.Form):
    """What people read: title, description, who is responsible, and the texts in each language."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=TITLE_HELP,
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For you and your colleagues: what is asked, and why."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Participants choose one of them; the browser's language is offered first."),
    )

    RESPONSIBLE_HELP = {
        "researcher": gettext_lazy("The person who answers for the study, by name."),
        "institution": gettext_lazy("University, company or “independent”."),
        "contact": gettext_lazy(
            "An e-mail address or telephone number that is answered. Participants read it, also after they have "
            "withdrawn."
        ),
        "ethics_number": gettext_lazy("Or the date of its decision."),
        "ethics_reason": gettext_lazy("For example “exempt”, or “not required here”. Participants read it."),
    }

    LABELS = {
        "question": gettext_lazy("Question"),
        "consent_text": gettext_lazy("Consent"),
        "instructions": gettext_lazy("Instructions"),
    }
    HELP = {
        "question": gettext_lazy("Shown above the images of every clip."),
        "consent_text": gettext_lazy(
            "Participants agree to it before anything is stored. {researcher}, {institution}, {contact} and {ethics} "
            "are replaced by the answers above; a text of your own should have them all."
        ),
        "instructions": gettext_lazy("Shown once, before the first clip."),
    }

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        self.study = study
        kwargs.setdefault(
            "initial",
            {"title": study.title, "description": study.description, "languages": languages_of(study)},
        )
        super().__init__(*args, **kwargs)
        is_new = study.settings_can_change and not any(_responsible_of(study).values())
        self.names_of_last_study = names_of_last_study(study) if is_new else {}
        self.fields |= forms.fields_for_model(
            Study,
            RESPONSIBLE,
            widgets={"ethics": forms.RadioSelect},
            help_texts={name: str(text) for name, text in self.RESPONSIBLE_HELP.items()},
        )
        self.initial.update(_responsible_of(study) | self.names_of_last_study)
        for name in RESPONSIBLE:
            self.fields[name].label = capfirst(self.fields[name].label)
        self.fields["ethics"].choices = [(key, capfirst(words)) for key, words in Study.Ethics.choices]  # type: ignore[attr-defined]
        for language, _name in settings.LANGUAGES:
            for field in FIELDS:
                shipped = shipped_text(study, field, language)
                agreed = study.plan.get("consent", {}).get(language) if field == "consent_text" else ""
                self.fields[f"{field}_{language}"] = forms.CharField(
                    label=self.LABELS[field],
                    help_text=self._help_of(field),
                    required=False,
                    max_length=300 if field == "question" else 20_000,
                    initial=agreed or getattr(study, field).get(language) or shipped,
                    widget=forms.Textarea(
                        attrs={"rows": 2 if field == "question" else 9, "lang": language, "data-shipped": shipped}
                    ),
                )
        if not study.settings_can_change:
            for form_field in self.fields.values():
                form_field.disabled = True

    def _help_of(self, field: str) -> Any:
        if field == "question" and not asks_question_of_study(self.study):
            return _("Not shown: the questions in each trial have texts of their own.")
        return self.HELP[field]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for language, _name in settings.LANGUAGES:
            field = f"consent_text_{language}"
            for name in unknown_placeholders(cleaned.get(field) or "")[:1]:
                known = ", ".join(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
                text = _("{%(name)s} stands for nothing here. Write one of %(known)s, or no braces.")
                self.add_error(field, text % {"name": name[:60], "known": known})
        return cleaned

    def responsible(self) -> dict[str, str]:
        """Return who answers to the participants; a page of before sends nothing of it, and leaves it as it is."""
        return {name: self.cleaned_data[name] for name in RESPONSIBLE if name in self.data}

    def language_groups(self) -> list[dict[str, Any]]:
        """Return the texts' fields by language."""
        groups = []
        for language, name in settings.LANGUAGES:
            with in_language(language):
                own_name = str(name)
            groups.append(
                {
                    "code": language,
                    "name": own_name,
                    "fields": [self[f"{field}_{language}"] for field in FIELDS],
                }
            )
        return groups

    def texts(self) -> dict[str, dict[str, str]]:
        """Return the texts by field and language, with \\n as line end."""
        return {
            field: {
                language: (self.cleaned_data.get(f"{field}_{language}") or "").replace("\r\n", "\n").strip()
                for language, _name in settings.LANGUAGES
            }
            for field in FIELDS
        }
