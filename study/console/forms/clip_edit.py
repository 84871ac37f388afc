"""The forms of clips: name, excerpt and rights of one, and a change to several."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.versions import KeptForm
from study.models import Clip
from study.setup.bulk_changes import MOST_CLIPS, Bulk, Wanted
from study.setup.clip_editing import LONGEST_NAME, Excerpt, in_milliseconds, in_seconds
from study.setup.clip_rights import LONGEST_LICENCE, SoundRights, sound_rights

LONGEST_CLIP = 3600  # seconds, of an uploaded file


class RightsForm(forms.Form):
    """The fields about the rights of a sound."""

    licence = forms.CharField(
        label=gettext_lazy("Licence of the sound"),
        required=False,
        max_length=LONGEST_LICENCE,
        help_text=gettext_lazy("An SPDX name such as CC-BY-4.0, or a few words; with the names that must be credited."),
    )
    sound_may_be_published = forms.BooleanField(
        label=gettext_lazy("A deposit and the public gallery may hold the sound"), required=False
    )

    @property
    def rights(self) -> SoundRights:
        """What the fields say, also if that is refused."""
        cleaned = self.cleaned_data
        return sound_rights(cleaned.get("licence") or "", bool(cleaned.get("sound_may_be_published")))

    def refuse_rights(self) -> None:
        """Say at the licence what is wrong with it."""
        if "licence" not in self.errors and (problem := self.rights.problem()):
            self.add_error("licence", problem)


class ClipForm(KeptForm, RightsForm):
    """A clip's name, from when to when its file is heard, and the rights of its sound.

    Empty times are the ends of the file. Of a study that has opened only the rights can change.
    """

    field_order = ("name", "start", "end", "licence", "sound_may_be_published")
    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    start = forms.DecimalField(
        label=gettext_lazy("Starts at (seconds)"), required=False, min_value=0, max_value=LONGEST_CLIP, decimal_places=3
    )
    end = forms.DecimalField(
        label=gettext_lazy("Ends at (seconds)"), required=False, min_value=0, max_value=LONGEST_CLIP, decimal_places=3
    )

    def __init__(self, *args: Any, clip: Clip, **kwargs: Any) -> None:
        start, end = map(in_seconds, clip.excerpt) if clip.excerpt else ("", "")
        initial: dict[str, Any] = {"name": clip.name, "start": start, "end": end}
        initial |= {"licence": clip.licence, "sound_may_be_published": clip.sound_may_be_published}
        super().__init__(*args, initial=initial, **kwargs)
        self.clip = clip
        for name in ("name", "start", "end"):
            self.fields[name].disabled = not clip.study.settings_can_change

    def group_of(self, name: str) -> str:
        """The two times mean something only together, and so do licence and publication."""
        if name == "name":
            return name
        return "excerpt" if name in ("start", "end") else "rights"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.refuse_rights()
        return cleaned

    @property
    def excerpt(self) -> Excerpt:
        """What the valid form says is heard of the file."""
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        if start is None and end is None:
            return None
        last = int(self.clip.duration * 1000)
        return in_milliseconds(start or Decimal(0)), last if end is None else in_milliseconds(end)


class BulkForm(RightsForm):
    """A change to several clips, as it is asked for and as it is confirmed."""

    action = forms.ChoiceField(label=gettext_lazy("With the chosen clips"), choices=Bulk.choices)
    clip = forms.TypedMultipleChoiceField(coerce=int, choices=())
    reason = forms.CharField(
        label=gettext_lazy("Reason, for the log"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("It is written to the log of each clip."),
    )
    seconds = forms.DecimalField(
        label=gettext_lazy("Keep the first (seconds)"),
        required=False,
        min_value=1,
        max_value=LONGEST_CLIP,
        decimal_places=3,
        initial=30,
    )

    def __init__(self, *args: Any, clips: list[Clip], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["clip"]
        chosen.choices = [(clip.pk, clip.name) for clip in clips[:MOST_CLIPS]]
        chosen.error_messages = {
            "required": _("Choose one or more clips first."),
            "invalid_choice": _("A clip that you chose is no longer there. Load the list again."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "confirmed" in self.data:
            if cleaned.get("action") == Bulk.LEAVE_OUT and not (cleaned.get("reason") or "").strip():
                self.add_error("reason", _("Give a reason; it is written to the study's log."))
            if cleaned.get("action") == Bulk.TRIM and "seconds" not in self.errors and cleaned.get("seconds") is None:
                self.add_error("seconds", _("Say how many seconds to keep."))
            if cleaned.get("action") == Bulk.RIGHTS:
                self.refuse_rights()
        return cleaned

    @property
    def wanted(self) -> Wanted:
        """The change that a form with a valid action and choice of clips asks for."""
        seconds = self.cleaned_data.get("seconds") or self.fields["seconds"].initial
        return Wanted(
            Bulk(self.cleaned_data["action"]),
            self.cleaned_data.get("reason", ""),
            in_milliseconds(seconds),
            self.rights,
        )
