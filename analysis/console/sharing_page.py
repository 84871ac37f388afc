"""The page on which a study's owner shares the report by a link, and ends links."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from analysis.models import SharedReport
from analysis.study_results import analyses
from analysis.study_results.shared_reports import (
    MOST_DAYS,
    USUAL_DAYS,
    end_share,
    share_report,
    shares_of,
    shows_something,
)
from study.access import Right
from study.console.common import access_to, hold_for_next_page, study_page, take_held
from study.errors import StudyError
from study.models import Study

_NEW_LINK = "new_shared_report"


class ShareForm(forms.Form):
    """Until when a link works, and for whom it is."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("The link works until the end of this day; at most a year."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=gettext_lazy("For whom"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("May stay empty. Only the study's researchers see it, in the list below."),
    )

    def __init__(self, data: Any = None) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"last_day": today + timedelta(days=USUAL_DAYS)})
        latest = today + timedelta(days=MOST_DAYS)
        self.fields["last_day"].widget.attrs |= {"min": today.isoformat(), "max": latest.isoformat()}


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.RESULTS)
def study_share(request: HttpRequest, study: Study) -> HttpResponse:
    """List the links by which the report is shared; make one, whose address is shown this once."""
    if request.method == "POST":
        access_to(request).require(Right.OWN)
    newest = analyses.latest_unsealed(study)
    if newest is None:
        raise Http404("no results to share")
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _share, new = share_report(study, **form.cleaned_data, actor=request.user)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            hold_for_next_page(request, study, _NEW_LINK, new)
            return redirect("study_share", study.slug)
    return render(
        request,
        "analysis/share.html",
        {
            "study": study,
            "form": form,
            "address": take_held(request, study, _NEW_LINK),
            "may_share": access_to(request).allows(Right.OWN),
            "rows": [
                {"share": share, "works": shows_something(share), "superseded": share.analysis_id != newest.pk}
                for share in shares_of(study)
            ],
        },
        status=400 if form.errors else 200,
    )


@require_POST
@study_page(Right.OWN)
def study_share_end(request: HttpRequest, study: Study, share_id: int) -> HttpResponse:
    """End a link at once."""
    share = get_object_or_404(SharedReport, analysis__study=study, pk=share_id)
    end_share(share, actor=request.user)
    messages.success(request, _("The link has ended: it shows nothing any more."))
    return redirect("study_share", study.slug)
