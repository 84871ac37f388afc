"""The page “Versions”: what was changed while the study ran, how many people began under each version; change it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import one_at_a_time, refusal_response, study_page
from study.console.forms.running import RunningStudyForm
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Study
from study.participants.study_versions import (
    MADE,
    change_study,
    count_by_version,
    field_name,
    refuse_unless_running,
    version_entries,
)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE, change=Right.EDIT)
@one_at_a_time
def study_versions(request: HttpRequest, study: Study) -> HttpResponse:
    """List the versions with their differences; change what a running study may change."""
    runs = study.status in Study.TAKES_ANSWERS
    if request.method == "POST" and not runs:  # closed while the page was open
        try:
            refuse_unless_running(study)
        except StudyError as error:
            return refusal_response(request, error, "study_versions", study.slug)
    form = RunningStudyForm(request.POST or None, study=study)
    form.editing = editing(study, request.user, MADE, "plan saved", "opened")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            number = change_study(
                study,
                written=form.written(),
                contact=data["contact"],
                target=data["target_participants"],
                reason=data["reason"],
                actor=request.user,
            )
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved as version %(number)s.") % {"number": number})
            if kept := form.taken_in_words():
                messages.info(request, kept)
            return redirect("study_versions", study.slug)
    return render(
        request,
        "study/versions.html",
        {"study": study, "rows": _rows(study), "form": form, "runs": runs},
        status=form.refusal_status,
    )


def _rows(study: Study) -> list[dict[str, Any]]:
    """Return what the page shows of each version, the newest first."""
    people = count_by_version(study)
    languages = dict(settings.LANGUAGES)
    rows: list[dict[str, Any]] = [{"number": 1, "people": people.get(1, 0), "at": study.opened_at}]
    for entry in version_entries(study):
        differences = [
            row
            | {
                "name": field_name(row["field"]),
                "language": _(languages.get(row.get("language"), "")) if row.get("language") else "",
                "is_shown": "old" in row,
            }
            for row in entry.data["differences"]
        ]
        number = entry.data["version"]
        rows.append(
            {
                "number": number,
                "people": people.get(number, 0),
                "at": entry.at,
                "who": entry.actor_name,
                "reason": entry.reason,
                "unfinished": entry.data["unfinished"],
                "differences": differences,
            }
        )
    return rows[::-1]
