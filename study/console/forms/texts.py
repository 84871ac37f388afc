"""A text that is written in several languages: one field for each, side by side."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language_info


def own_name(code: str) -> str:
    """The name of a language in that language; of an unknown one its code."""
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


def text_names(name: str, languages: Iterable[str]) -> list[str]:
    """The names of a text's fields."""
    return [f"{name}_{code}" for code in languages]


def add_texts(
    form: forms.Form,
    name: str,
    label: Any,
    languages: Iterable[str],
    texts: Mapping[str, str],
    *,
    longest: int,
    rows: int = 1,
    help_text: Any = "",
) -> None:
    """Add a field for each language: of one row, or a box of several, which a text of several lines has always."""
    for code, field_name in zip(languages, text_names(name, languages), strict=True):
        shown = (texts.get(code, ""), form.data.get(form.add_prefix(field_name)) or "")
        height = max(rows, *(min(text.strip().count("\n") + 1, 6) for text in shown))
        attrs = {"lang": code} | ({"rows": height} if height > 1 else {})
        form.fields[field_name] = forms.CharField(
            label=f"{label} ({own_name(code)})",
            required=False,
            max_length=longest,
            initial=texts.get(code, ""),
            help_text=help_text,
            widget=forms.Textarea(attrs=attrs) if height > 1 else forms.TextInput(attrs=attrs),
        )


def read_texts(cleaned: Mapping[str, Any], name: str, languages: Iterable[str]) -> dict[str, str]:
    """The texts that were written, by language, with \\n as line end."""
    given = {code: (cleaned.get(f"{name}_{code}") or "").replace("\r\n", "\n").strip() for code in languages}
    return {code: text for code, text in given.items() if text}
