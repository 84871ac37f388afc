"""Forms of stored values, which two people or two windows may edit at once: nothing is overwritten unseen.

A page carries a mark of each value that it shows. When it is sent, a field that only the sender changed is saved, a
field that only somebody else changed keeps what is stored, and a field that both changed is asked about, with both
values.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from study.models import LogEntry, Study

VERSION = "version-read"
CHOICE = "choice-of-"
MINE, STORED = "mine", "stored"
_LONGEST = 200_000
_READ_AT = ""  # no field's name
_NUMBER = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Editing:
    """Who sends a form, and the entries of the log about its values, the newest first; None if there are none."""

    sender: Any
    entries: QuerySet[LogEntry] | None = None

    @cached_property
    def last(self) -> LogEntry | None:
        return None if self.entries is None else self.entries.first()

    @property
    def may_overwrite(self) -> bool:
        """Whether a request without a version may be saved: nobody else's values are there to be overwritten."""
        return self.last is None or (self.last.actor_id is not None and self.last.actor_id == self.sender.pk)

    def marks(self) -> dict[str, str]:
        """Return, as a part of the version, up to which entry the page knows the log."""
        return {_READ_AT: str(self.last.number)} if self.last else {}

    def who_saved(self, seen: Mapping[str, str]) -> str:
        """Say who has saved these values since the page of this version was opened, and when; empty if nobody knows."""
        if self.entries is None:
            return ""
        read_at = seen.get(_READ_AT, "")
        since = self.entries.filter(number__gt=int(read_at) if _NUMBER.fullmatch(read_at) else 0)
        people: dict[str, str] = {}
        for entry in since.exclude(at=None)[:50]:
            name = _("you") if entry.actor_id == self.sender.pk else entry.actor_name or _("somebody else")
            people.setdefault(name, date_format(timezone.localtime(entry.at), _("j M, H:i")))
        names = ", ".join(f"{name} ({when})" for name, when in people.items())
        return _("Saved since you opened the page: %(names)s.") % {"names": names} if names else ""


def editing(study: Study, sender: Any, *actions: str, **details: Any) -> Editing:
    """Find the entries of the log of these actions, with such details if some are named."""
    entries = study.log.filter(action__in=actions, **{f"data__{name}": value for name, value in details.items()})
    return Editing(sender, entries.order_by("-number"))


def mark(value: Any) -> str:
    """Return a short digest of a value, the same for what a page shows and for what the browser sends back."""
    if value is None or value is False:
        text = ""
    elif value is True:
        text = "on"
    elif isinstance(value, list | tuple | set | frozenset):
        text = json.dumps(sorted(map(str, value))) if value else ""
    else:
        text = str(value).replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def version_field(marks: Mapping[str, str], name: str = VERSION) -> SafeString:
    """Return the hidden field that tells which values the page showed."""
    return format_html('<input type="hidden" name="{}" value="{}">', name, _version_text(marks))


def _version_text(marks: Mapping[str, str]) -> str:
    return json.dumps(marks, separators=(",", ":"))


def read_version(text: str | None) -> dict[str, str] | None:
    """Return the marks that a page sent back; None if it sent none that can be read."""
    try:
        marks = json.loads(text) if text and len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(marks, dict):
        return None
    return {name: seen for name, seen in marks.items() if isinstance(seen, str)}


def marks_of_asked(seen: Mapping[str, str], asked: Iterable[str]) -> dict[str, str]:
    """Return the part of the version that stays as it was read, of values that are still asked about."""
    return {name: seen.get(name, "") for name in [*asked, _READ_AT]}


@dataclass(frozen=True)
class Settled:
    """What becomes of each value: `take` keeps what is stored, `ask` is the sender's to decide."""

    take: list[str]
    ask: list[str]


def settle(
    seen: Mapping[str, str],
    mine: Mapping[str, str],
    stored: Mapping[str, str],
    choice: Callable[[str], str],
    group_of: Callable[[str], str] = str,
) -> Settled:
    """Compare marks by name: those that the page showed, that were sent and that are stored now.

    Args:
        choice: what the sender chose for a name, as `choice_value` writes it; a choice between other values counts not.
        group_of: names of one group mean something only together, so two people's changes to it are never mixed.
    """
    settled = Settled([], [])
    groups: dict[str, list[str]] = {}
    for name in mine:
        groups.setdefault(group_of(name), []).append(name)
    for names in groups.values():
        differ = [name for name in names if mine[name] != stored[name]]
        changed = [name for name in names if mine[name] != seen.get(name)]
        if not any(stored[name] != seen.get(name) for name in names):
            continue
        for name in differ:
            chosen = choice(name)
            if not changed or chosen == choice_value(STORED, stored[name]):
                settled.take.append(name)
            elif chosen != choice_value(MINE, stored[name]):
                settled.ask.append(name)
    return settled


def choice_value(which: str, stored: str) -> str:
    """Return the value of a choice: it holds for the stored value that was shown beside it, and for no later one."""
    return f"{which}:{stored}"


@dataclass(frozen=True)
class Conflict:
    """A value that the sender and somebody else changed, as the page asks about it."""

    name: str
    label: str
    stored: str
    stored_mark: str

    @property
    def input_name(self) -> str:
        return CHOICE + self.name

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What can be chosen, and the words for it."""
        return [
            (choice_value(MINE, self.stored_mark), _("Keep what is written above")),
            (choice_value(STORED, self.stored_mark), _("Take what is stored")),
        ]


class KeptForm(forms.BaseForm):
    """A form that shows stored values and saves them: its template holds `{{ form.version_field }}`.

    The view sets `editing`, and validates and saves within `one_at_a_time`, so that no other request comes between.
    """

    editing: Editing | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts: dict[str, Conflict] = {}
        self.taken: list[str] = []
        self.too_late: list[str] = []
        self.stored_instead: dict[str, Any] = {}  # what is stored of fields that first show something else
        self._is_settled = False
        self.who_saved = ""
        self._seen_of_conflicts: dict[str, str] = {}

    def group_of(self, name: str) -> str:
        """Return the group of a field; see `settle`."""
        return name

    def _kept(self) -> dict[str, forms.Field]:
        return {
            name: field
            for name, field in self.fields.items()
            if not field.disabled and not field.widget.needs_multipart_form
        }

    def _stored(self, name: str) -> Any:
        if name in self.stored_instead:
            return self.stored_instead[name]
        field = self.fields[name]
        return field.prepare_value(self.get_initial_for_field(field, name))

    def _marks(self) -> dict[str, str]:
        # A field that is still asked about keeps the version that it was read at.
        known = self.editing.marks() if self.editing else {}
        return known | {name: mark(self._stored(name)) for name in self._kept()} | self._seen_of_conflicts

    def shown_values(self) -> dict[str, Any]:
        """Return what the form shows at first, by the names of its fields, also of those that are out of use."""
        return {name: self._stored(name) for name in self.fields if not self.fields[name].widget.needs_multipart_form}

    def as_shown(self) -> QueryDict:
        """Return what a browser sends if nothing is changed."""
        data = QueryDict(mutable=True)
        for name, field in self._kept().items():
            put(data, self.add_prefix(name), field.widget, self._stored(name))
        data[self.add_prefix(VERSION)] = self.version()
        return data

    def version(self) -> str:
        """Return the version as a script sends it."""
        return _version_text(self._marks())

    def version_field(self) -> SafeString:
        """Return the version as the hidden field of the form."""
        return version_field(self._marks(), self.add_prefix(VERSION))

    @property
    def refusal_status(self) -> int:
        """The status of a page that shows this form: 409 for what has changed meanwhile, 400 for other errors."""
        return 409 if self.conflicts or self.too_late else 400 if self.errors else 200

    def full_clean(self) -> None:
        if self.is_bound and not self._is_settled:
            self._is_settled = True
            self.too_late = self._find_too_late()
            self._settle()
        super().full_clean()
        for name in self.conflicts:
            self.add_error(name, _("Choose below which of the two is saved."))
        if self.too_late:
            text = _("This can no longer be changed, and stays as it is; you wrote: %(fields)s.")
            rest = " " + _("Save the rest again.") if self._kept() else ""
            self.add_error(None, text % {"fields": "; ".join(self.too_late)} + rest)

    def _find_too_late(self) -> list[str]:
        """Name what was sent of fields that could still be changed on the sender's page, with its values."""
        seen = read_version(self.data.get(self.add_prefix(VERSION))) or {}
        found = []
        for name, field in self.fields.items():
            sent_as = self.add_prefix(name)
            # Without its mark, a tick that is missing is one of a field that was out of use.
            if not field.disabled or not (name in seen or sent_as in self.data):
                continue
            open_field = copy(field)
            open_field.disabled = False
            sent = field.widget.value_from_datadict(self.data, self.files, sent_as)
            stored = self._stored(name)
            if mark(sent) not in (seen.get(name), mark(stored)) and open_field.has_changed(stored, sent):
                found.append(f"“{field.label}”: {_in_words(field, sent) or _('nothing')}")
        return found

    def _settle(self) -> None:
        """Put into the data what only somebody else changed, and note what has to be asked."""
        seen = read_version(self.data.get(self.add_prefix(VERSION)))
        if seen is None and (self.editing is None or self.editing.may_overwrite):
            return
        sent_data: Any = self.data
        data, mine, stored = sent_data.copy(), dict[str, str](), dict[str, str]()
        for name, field in self._kept().items():
            sent_as, stored[name] = self.add_prefix(name), mark(self._stored(name))
            if seen is not None and field.widget.value_omitted_from_data(self.data, self.files, sent_as):
                put(data, sent_as, field.widget, self._stored(name))
                mine[name] = stored[name]
            else:
                sent = field.widget.value_from_datadict(self.data, self.files, sent_as)
                # 1 and 1.0 are the same number.
                mine[name] = mark(sent) if field.has_changed(self._stored(name), sent) else stored[name]
        settled = settle(
            seen or {}, mine, stored, lambda name: self.data.get(CHOICE + self.add_prefix(name), ""), self.group_of
        )
        for name in settled.take:
            put(data, self.add_prefix(name), self.fields[name].widget, self._stored(name))
        self.taken = [name for name in settled.take if not self.data.get(CHOICE + self.add_prefix(name))]
        self.conflicts = {
            name: Conflict(
                self.add_prefix(name),
                str(self.fields[name].label or name),
                _in_words(self.fields[name], self._stored(name)),
                stored[name],
            )
            for name in settled.ask
        }
        if self.conflicts:
            seen = seen or {}
            self.who_saved = self.editing.who_saved(seen) if self.editing else ""
            self._seen_of_conflicts = marks_of_asked(seen, settled.ask)
        self.data = data

    def taken_in_words(self) -> str:
        """Name the fields that keep what somebody else stored while the page was open; empty for none."""
        if not self.taken:
            return ""
        names = ", ".join(f"“{self.fields[name].label}”" for name in self.taken)
        return _("These stay as they were saved from another window meanwhile: %(fields)s.") % {"fields": names}


def put(data: QueryDict, name: str, widget: forms.Widget, value: Any) -> None:
    """Write a value as the browser would send the field that shows it."""
    if isinstance(widget, forms.CheckboxInput):
        data.setlist(name, ["on"] if value else [])
    elif isinstance(value, list | tuple):
        data.setlist(name, [str(part) for part in value])
    else:
        data[name] = "" if value is None else str(value)


def _in_words(field: forms.Field, value: Any) -> str:
    """Return a stored value as a person reads it."""
    if isinstance(field, forms.BooleanField):
        return _("ticked") if value else _("not ticked")
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        wanted = {str(part) for part in (value if isinstance(value, list | tuple) else [value])}
        return ", ".join(_labels(choices, wanted)) or _("nothing")
    return "" if value is None else str(value)


def _labels(choices: Iterable[Any], wanted: set[str]) -> Iterable[str]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _labels(label, wanted)
        elif str(value) in wanted:
            yield str(label)
