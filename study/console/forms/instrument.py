"""The form of one question of a trial, as researchers build it: its texts, scales or categories, and what it is of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.instrument_fields import CategoryFields, InstrumentFields, ScaleFields, key_from
from study.console.forms.questions import RowsPart
from study.console.forms.texts import text_names
from study.console.forms.versions import KeptForm
from study.instruments.questions import MOST_OPTIONS, MOST_SCALES, Instrument, Option, Pick, Question, Rate, Scale
from study.instruments.words import name_of_answer

_CATEGORIES = forms.formset_factory(CategoryFields, extra=0, absolute_max=MOST_OPTIONS + 1, max_num=MOST_OPTIONS)
_SCALES = forms.formset_factory(ScaleFields, extra=0, absolute_max=MOST_SCALES + 1, max_num=MOST_SCALES)


class InstrumentBuilder:
    """The whole form of one question of a trial: its fields, and the rows of its scales or categories.

    Args:
        images: how many images a clip has.
        taken: keys of the other questions and scales.
        data: what was sent; None shows the question as it is.
    """

    def __init__(
        self,
        kind: str,
        languages: Sequence[str],
        instrument: Instrument,
        images: int,
        taken: set[str],
        question: Question | None = None,
        data: QueryDict | None = None,
    ) -> None:
        self.kind, self.question, self.taken = kind, question, taken
        known = [code for texts in _texts_of(question) for code in texts] if question else []
        self.languages = [*languages, *dict.fromkeys(code for code in known if code not in languages)]
        if data is not None and kind == "rate":
            data = _with_steps(data)
        self.fields = InstrumentFields(
            data,
            kind=kind,
            languages=self.languages,
            images=images,
            question=question,
            pairs_per_clip=instrument.pairs_per_clip,
        )
        self.parts = [self._part(data)] if kind in ("rate", "pick") else []
        self.errors: list[str] = []

    def _part(self, data: QueryDict | None) -> RowsPart:
        rows: Sequence[Option | Scale]
        made: Any
        if self.kind == "rate":
            name, title, add, label, made = "scale", _("Scales"), _("Add a scale"), _("What is rated"), _SCALES
            rows, empty = self.question.scales if isinstance(self.question, Rate) else (), 1
        else:
            name, title, add, label, made = "option", _("Categories"), _("Add a category"), _("Category"), _CATEGORIES
            rows, empty = self.question.options if isinstance(self.question, Pick) else (), 3
        initial: list[dict[str, Any]] = [{"answer": row} for row in rows] or [{} for _at in range(empty)]
        formset = made(
            data,
            prefix=name,
            initial=None if data is not None else initial,
            form_kwargs={"languages": self.languages, "label": label, "ticks": []},
        )
        return RowsPart(name, title, add, formset, [])

    @cached_property
    def is_valid(self) -> bool:
        """Whether all is right, checked once; what belongs to no single field is in `errors`."""
        valid = all([self.fields.is_valid(), *(part.formset.is_valid() for part in self.parts)])
        if valid:
            for part in self.parts:
                self._check_rows(part)
            self._check_keys()
        self.errors += [error for part in self.parts for error in part.formset.non_form_errors()]
        return valid and not self.errors and not self.fields.errors and not any(f.errors for f in self._rows())

    def _rows(self) -> list[Any]:
        return [form for part in self.parts for form in part.formset.forms]

    def _filled(self) -> list[Any]:
        return [form for form in self._rows() if form.is_filled]

    def _check_rows(self, part: RowsPart) -> None:
        rows = self._filled()
        if self.kind == "pick":
            if len(rows) < 2:
                self.errors.append(_("Write two categories at least."))
            elif len(rows) > MOST_OPTIONS:
                self.errors.append(_("A question has at most %(most)d categories.") % {"most": MOST_OPTIONS})
            return
        if not rows:
            self.errors.append(_("Write one scale at least."))
        elif len(rows) > MOST_SCALES:
            self.errors.append(_("A question has at most %(most)d scales.") % {"most": MOST_SCALES})
        elif len(rows) > 1 or not self.fields.texts(self.fields.cleaned_data):
            for form in rows:
                if not form.texts():
                    form.add_error(text_names("text", self.languages)[0], _("Write what is rated on this scale."))

    def _check_keys(self) -> None:
        text = _("Another question or answer is called so already. Write another one.")
        key = self.fields.cleaned_data.get("key")
        if key and key in self.taken:
            self.fields.add_error("key", text)
        seen: set[str] = set(self.taken) if self.kind == "rate" else set()
        for form in self._filled():
            if (own := form.cleaned_data.get("key")) and own in seen:
                form.add_error("key", text)
            elif own:
                seen.add(own)

    def built(self) -> dict[str, Any]:
        """The question of a valid form as plain data; keys that were left empty are made from the texts."""
        facts = self.fields.facts()
        facts["key"] = self.fields.cleaned_data["key"] or key_from(facts["text"], self.taken, self.kind)
        if self.kind == "rate":
            facts["scales"] = list(self._row_facts(self.taken | {facts["key"]}, facts["text"]))
        elif self.kind == "pick":
            facts["options"] = list(self._row_facts({"none"}, {}))
        return facts

    def whole(self) -> dict[str, Any]:
        """The values of the instrument that this form holds."""
        cleaned = self.fields.cleaned_data
        return {"pairs_per_clip": cleaned["pairs_per_clip"]} if "pairs_per_clip" in self.fields.fields else {}

    def _row_facts(self, taken: set[str], otherwise: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        rows = self._filled()
        taken = taken | {form.cleaned_data["key"] for form in rows}
        for form in rows:
            facts = form.facts()
            key = form.cleaned_data["key"] or key_from(facts["text"] or otherwise, taken, self.parts[0].name)
            taken.add(key)
            yield {"key": key, **facts}

    def renames(self) -> dict[str, str]:
        """The keys that the question and its scales had, and those that they have now."""
        if self.question is None:
            return {}
        new = self.built()
        renames = {self.question.key: new["key"]}
        for form, row in zip(self._filled(), new.get("scales", ()), strict=False):
            if was := form.cleaned_data.get("was"):
                renames[was] = row["key"]
        return renames


def _with_steps(data: QueryDict) -> QueryDict:
    """Return what was sent with the steps of each scale: a new one has those of the scale before it."""
    changed, steps = data.copy(), "7"
    total = data.get("scale-TOTAL_FORMS", "")
    for at in range(int(total) if re.fullmatch("[0-9]{1,2}", total) else 0):
        steps = changed.setdefault(f"scale-{at}-steps", steps)
    return changed


def _texts_of(question: Question) -> Iterator[Mapping[str, str]]:
    yield question.text
    rows: Sequence[Scale | Option] = ()
    if isinstance(question, Rate):
        rows = question.scales
    elif isinstance(question, Pick):
        rows = question.options
    for row in (question, *rows):
        yield row.text
        yield from (getattr(row, end, {}) for end in ("low", "high"))


class MainQuestionForm(KeptForm, forms.Form):
    """The question or scale whose contrast the plan names."""

    primary = forms.ChoiceField(
        label=gettext_lazy("Main question"),
        required=False,
        help_text=gettext_lazy("The plan names its comparison as the primary one; the others are secondary."),
    )

    def __init__(self, *args: Any, instrument: Instrument, of_study: str, can_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(key, name_of_answer(instrument, key, of_study)) for key in instrument.comparing()]
        first = _("The first that compares images")
        self.fields["primary"].choices = [("", first), *named]  # type: ignore[attr-defined]
        self.initial["primary"] = instrument.primary
        self.fields["primary"].disabled = not can_change
