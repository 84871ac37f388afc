"""The page on which a researcher brings in a study that another installation has exported."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from study.errors import StudyError
from study.jobs.imports import going_on, request_import
from study.models import StudyImport

_SHOWN = 5


class BringInForm(forms.Form):
    """The export."""

    file = forms.FileField(
        label=gettext_lazy("The export"),
        help_text=gettext_lazy("The ZIP file as it was downloaded or written by export_study."),
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def study_import(request: HttpRequest) -> HttpResponse:
    """Take an export for a worker, and show how far the last ones are; `?part` is the part that moves."""
    form = BringInForm(request.POST, request.FILES) if request.method == "POST" else BringInForm()
    if request.method == "POST" and form.is_valid():
        try:
            request_import(request.user, form.cleaned_data["file"])
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            return redirect("study_import")
    rows = StudyImport.objects.filter(owner_id=request.user.pk).select_related("study")[:_SHOWN]
    shown = {"form": form, "rows": rows, "going_on": going_on(request.user), "part": "part" in request.GET}
    template = "console/_imports.html" if shown["part"] else "console/study_import.html"
    return render(request, template, shown, status=400 if form.errors else 200)
