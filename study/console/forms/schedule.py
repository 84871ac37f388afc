"""The form of the page “Schedule”."""

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.console.forms.versions import KeptForm
from study.errors import StudyError
from study.models import Schedule, Study
from study.setup.schedule import moment

_FORMAT = "%Y-%m-%dT%H:%M"


@cache
def _zones() -> frozenset[str]:
    """The names of all time zones; looking for their files takes a moment."""
    return frozenset(available_timezones())


class LocalTimeField(forms.CharField):
    """A date and a time as clocks show it; which clocks, another field says."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return datetime.strptime(text[:16].replace(" ", "T"), _FORMAT)
        except ValueError as error:
            raise forms.ValidationError(_("Write a date and a time, such as 2026-12-01 09:00.")) from error


class ScheduleForm(KeptForm, forms.Form):
    """When a study opens and closes, in a time zone of the researcher's."""

    opens = LocalTimeField(label=gettext_lazy("Opens at"), required=False, max_length=30)
    closes = LocalTimeField(label=gettext_lazy("Closes at"), required=False, max_length=30)
    closes_at_target = forms.BooleanField(
        label=gettext_lazy("Also close once the target number of participants has finished"), required=False
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("Where the clocks show these times.")
    )

    def __init__(
        self, *args: Any, study: Study, schedule: Schedule | None, may_close: bool, zone: str = "", **kwargs: Any
    ) -> None:
        zone = schedule.time_zone if schedule else zone or settings.TIME_ZONE
        super().__init__(
            *args,
            initial={
                "opens": _local(schedule.opens_at if schedule else None, zone),
                "closes": _local(schedule.closes_at if schedule else None, zone),
                "closes_at_target": bool(schedule and schedule.closes_at_target),
                "time_zone": zone,
            },
            **kwargs,
        )
        self._schedule = schedule
        zones: Any = self.fields["time_zone"]
        zones.choices = [(name, name.replace("_", " ")) for name in sorted(_zones() | {zone})]
        self.fields["opens"].disabled = study.status != Study.Status.DRAFT
        for name in ("closes", "closes_at_target"):
            self.fields[name].disabled = not may_close

    def group_of(self, name: str) -> str:
        """The times mean nothing without their zone."""
        return "times"

    def clean(self) -> dict[str, Any]:
        """Turn the times into moments; one that the form may not change stays the stored moment, whatever the zone."""
        cleaned = super().clean() or {}
        for name in ("opens", "closes"):
            if self.fields[name].disabled:
                cleaned[name] = getattr(self._schedule, f"{name}_at", None)
            elif cleaned.get(name) and cleaned.get("time_zone"):
                try:
                    cleaned[name] = moment(cleaned[name], cleaned["time_zone"])
                except StudyError as error:
                    self.add_error(name, str(error))
        return cleaned


def _local(at: datetime | None, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(_FORMAT) if at else ""
