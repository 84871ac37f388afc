"""The form of the page “Publish”: who made the data, and what the deposit belongs to."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.deposits.facts import LONGEST, MOST, RELATIONS, PublicationFacts, facts_from, facts_to_json
from study.console.forms.versions import KeptForm
from study.errors import StudyError

_LINES, _TEXTS = ("keywords", "funding"), ("publisher", "address", "version")
_ROWS: dict[str, tuple[str, ...]] = {
    "creators": ("family", "given", "orcid", "affiliation"),
    "related": ("relation", "identifier", "title"),
}
_LABELS = {
    "family": gettext_lazy("Family name or group"),
    "given": gettext_lazy("Given name"),
    "orcid": gettext_lazy("ORCID"),
    "affiliation": gettext_lazy("Affiliation"),
    "relation": gettext_lazy("What the data are to it"),
    "identifier": gettext_lazy("DOI or address"),
    "title": gettext_lazy("Title"),
}
RELATION_NAMES = {
    "IsSupplementTo": gettext_lazy("supplement to a paper"),
    "IsDocumentedBy": gettext_lazy("documented by it, as by a preregistration"),
    "IsDescribedBy": gettext_lazy("described by it"),
    "IsReferencedBy": gettext_lazy("referred to by it"),
    "IsCitedBy": gettext_lazy("cited by it"),
    "Cites": gettext_lazy("cites it"),
    "References": gettext_lazy("refers to it"),
    "IsDerivedFrom": gettext_lazy("made from it, as from a data set of music"),
    "IsSourceOf": gettext_lazy("source of it"),
    "IsNewVersionOf": gettext_lazy("new version of it"),
    "IsPreviousVersionOf": gettext_lazy("earlier version of it"),
    "IsPartOf": gettext_lazy("part of it"),
    "HasPart": gettext_lazy("has it as a part"),
    "IsVariantFormOf": gettext_lazy("another form of it"),
    "Requires": gettext_lazy("needs it"),
}


class PublicationForm(KeptForm, forms.Form):
    """The facts; each creator and each related work is a row of fields, and an empty row is none."""

    keywords = forms.CharField(
        label=gettext_lazy("Keywords"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One in each line."),
    )
    funding = forms.CharField(
        label=gettext_lazy("Funding"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Who paid, with the number of the grant; one in each line."),
    )
    publisher = forms.CharField(
        label=gettext_lazy("Published by"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("The repository or institution: Zenodo, OSF, your university."),
    )
    address = forms.CharField(
        label=gettext_lazy("Where it will be"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Its DOI or address, if the repository has reserved one."),
    )

    def __init__(self, data: Any = None, *, facts: PublicationFacts) -> None:
        self.facts = facts
        stored = facts_to_json(facts)
        initial: dict[str, Any] = {name: getattr(facts, name) for name in _TEXTS}
        initial |= {name: "\n".join(getattr(facts, name)) for name in _LINES}
        rows: dict[str, list[dict[str, str]]] = {part: stored.get(part, []) for part in _ROWS}
        for part, names in _ROWS.items():
            initial |= {f"{part}-{n}-{name}": row.get(name, "") for n, row in enumerate(rows[part]) for name in names}
        super().__init__(data, initial=initial)
        # Not declared above: `version` is a method of the base.
        self.fields["version"] = forms.CharField(
            label=_("Version"), max_length=40, help_text=_("Count it up when you publish anew.")
        )
        self._sizes = {part: _size(part, len(rows[part]), data) for part in _ROWS}
        for part, size in self._sizes.items():
            self.fields |= {f"{part}-{n}-{name}": _field(name) for n in range(size) for name in _ROWS[part]}

    def group_of(self, name: str) -> str:
        """Rows may move, so those of one kind are one value."""
        return next((part for part in _ROWS if name.startswith(f"{part}-")), name)

    def rows(self, part: str) -> Iterator[list[BoundField]]:
        """Yield the fields of each row of `creators` or `related`."""
        for n in range(self._sizes[part]):
            yield [self[f"{part}-{n}-{name}"] for name in _ROWS[part]]

    def creators(self) -> Iterator[list[BoundField]]:
        """Yield the fields of each creator."""
        return self.rows("creators")

    def related(self) -> Iterator[list[BoundField]]:
        """Yield the fields of each related work."""
        return self.rows("related")

    def focus_on(self, do: str) -> None:
        """Let typing go on in the row that was added last, or in the one that took the place of a removed one."""
        if found := re.fullmatch(r"(?:add|remove)-(creators|related)(?:-([0-9]{1,2}))?", do):
            part, last = found[1], self._sizes[found[1]] - 1
            row = last if found[2] is None else min(int(found[2]), last)
            self.fields[f"{part}-{row}-{_ROWS[part][0]}"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for part in _ROWS:
            for n, row in self._given(part):
                first = f"{part}-{n}-{_ROWS[part][0]}"
                if part == "related":
                    self._try(f"{part}-{n}-identifier", {part: [row]})
                elif not row.get("family"):
                    self.add_error(first, _("Write the family name, or the name of the group, or empty the row."))
                else:
                    self._try(f"{part}-{n}-orcid", {part: [row]})
        for name in _TEXTS:
            if cleaned.get(name):
                self._try(name, {name: cleaned[name]})
        for name in _LINES:
            self._try(name, {name: self._listed(name)})
        return cleaned

    def _try(self, name: str, piece: dict[str, Any]) -> None:
        if name in self.errors:
            return
        try:
            facts_from(piece)
        except StudyError as error:
            self.add_error(name, str(error))

    def _given(self, part: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the number and the values of each row in which something is written; a relation alone is nothing."""
        for n in range(self._sizes[part]):
            row = {name: self.cleaned_data.get(f"{part}-{n}-{name}") or "" for name in _ROWS[part]}
            if any(value for name, value in row.items() if name != "relation"):
                yield n, row

    def _listed(self, name: str) -> list[str]:
        return [line.strip() for line in (self.cleaned_data.get(name) or "").splitlines() if line.strip()]

    def sent(self) -> PublicationFacts:
        """Return the facts of a valid form, with what is decided about findings as it is stored."""
        kept = {name: list(getattr(self.facts, name)) for name in ("left_out", "kept")}
        texts = {name: self.cleaned_data[name] for name in _TEXTS}
        lines = {name: self._listed(name) for name in _LINES}
        return facts_from(kept | texts | lines | {part: [row for _n, row in self._given(part)] for part in _ROWS})


def _size(part: str, stored: int, data: Any) -> int:
    """How many rows are shown: those that are stored and an empty one, or as many as were sent."""
    if data is None:
        return min(stored + 1, MOST)
    sent = [int(found[1]) for name in data if (found := re.fullmatch(rf"{part}-([0-9]{{1,2}})-[a-z]+", name))]
    return min(max([stored, *(n + 1 for n in sent)]), MOST)


def _field(name: str) -> forms.Field:
    if name == "relation":
        choices = [(key, RELATION_NAMES[key]) for key in RELATIONS]
        return forms.ChoiceField(label=_LABELS[name], required=False, choices=choices, initial=RELATIONS[0])
    return forms.CharField(label=_LABELS[name], required=False, max_length=LONGEST)


def with_row(data: Any, do: str) -> Any:
    """Return what was sent with a row more, or without one: `do` is "add-creators" or "remove-creators-2".

    Rows behind one that is removed move up.
    """
    changed = data.copy()
    if found := re.fullmatch(r"add-(creators|related)", do):
        part = found[1]
        size = _size(part, 0, data)
        if size < MOST:
            changed[f"{part}-{size}-{_ROWS[part][1]}"] = ""
    elif found := re.fullmatch(r"remove-(creators|related)-([0-9]{1,2})", do):
        part, at = found[1], int(found[2])
        size = _size(part, 0, data)
        for n in range(at, size):
            for name in _ROWS[part]:
                changed[f"{part}-{n}-{name}"] = data.get(f"{part}-{n + 1}-{name}", "")
    return changed
