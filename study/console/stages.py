"""The page “Stages”: who takes part in the pilot, the main and the follow-up stage, and which is the current one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import study_page
from study.console.forms.stages import BeginStageForm
from study.errors import StudyError
from study.models import Study, StudyStage
from study.participants.study_stages import ORDER, begin_stage, count_by_stage, next_stage


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE, change=Right.EDIT)
def study_stages(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the people of each stage; begin the next one."""
    following = next_stage(study)
    form = BeginStageForm(request.POST or None, study=study, stage=following)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            begun = begin_stage(
                study, data["stage"], target=data.get("target"), reason=data.get("reason", ""), actor=request.user
            )
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _begun_in_words(study, begun))
            return redirect("study_stages", study.slug)
    return render(
        request,
        "study/stages.html",
        {"study": study, "rows": _rows(study), "form": form, "following": following},
        status=400 if form.errors else 200,
    )


def _begun_in_words(study: Study, begun: StudyStage) -> str:
    if study.settings_can_change:
        return _("The study will open with its %(stage)s.") % {"stage": begun.label}
    return _("The %(stage)s has begun: whoever starts from now on belongs to it.") % {"stage": begun.label}


def _rows(study: Study) -> list[dict[str, Any]]:
    """Return what the page shows of each stage."""
    counts = count_by_stage(study)
    current = ORDER.index(StudyStage(study.stage))
    return [
        {
            "stage": stage,
            "title": capfirst(stage.label),
            "state": "now" if at == current else "ended" if at < current and stage in study.stages else "",
            "target": study.target_of(stage),
            **counts[stage],
        }
        for at, stage in enumerate(ORDER)
    ]
