"""The page “Versions”: what was changed while the study ran, how many people began under each version; change it."""

import re
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
                "language": str(languages.get(row.get("language"), "")),
                "parts": _changed_part(_text(row["old"]), _text(row["new"])) if "old" in row else None,
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


WORDS_AROUND = 8


def _text(value: Any) -> str:
    """Return a value of a version's difference as it is read."""
    return "–" if value in (None, "") else _yes_no(value) if isinstance(value, bool) else str(value)


def _yes_no(value: bool) -> str:
    return _("yes") if value else _("no")


def _changed_part(old: str, new: str) -> dict[str, str]:
    """Return what differs between two texts, from the first word that does to the last, with some words around it."""
    before, after = (re.findall(r"\s*\S+", text) for text in (old, new))
    shorter = min(len(before), len(after))
    same = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = next((at for at in range(shorter - same) if before[-1 - at] != after[-1 - at]), shorter - same)
    lead, tail = before[:same], before[len(before) - rest :]
    return {
        "lead": ("…" if len(lead) > WORDS_AROUND else "") + "".join(lead[-WORDS_AROUND:]),
        "old": "".join(before[same : len(before) - rest]).strip(),
        "new": "".join(after[same : len(after) - rest]).strip(),
        "tail": "".join(tail[:WORDS_AROUND]).strip() + (" …" if len(tail) > WORDS_AROUND else ""),
    }
