"""The page with the pictures of a study's interface: take them, add one's own, download, remove."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analysis.interface_pictures import stored
from analysis.interface_pictures.browser import chromium_path
from study import jobs
from study.access import Right
from study.console.common import access_to, study_page
from study.console.jobs import address_of
from study.console.upload_jobs import ended, tell_end
from study.errors import StudyError
from study.jobs.requests import going_on
from study.models import Study
from study.setup.path_steps import has_all_images

KIND = "interface"


class OwnPictureForm(forms.Form):
    """A picture that the researcher brings."""

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG or WebP. It must not show anybody's name, link or address."),
        widget=forms.ClearableFileInput({"accept": "image/png,image/jpeg,image/webp"}),
        max_length=255,
    )
    caption = forms.CharField(
        label=gettext_lazy("Caption"), max_length=300, help_text=gettext_lazy("As it stands below it in the report.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def study_interface(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the pictures; POST adds one of the researcher's own."""
    form = OwnPictureForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        access_to(request).require(Right.EDIT)
        if form.is_valid():
            try:
                stored.add_own(study, form.cleaned_data["picture"], form.cleaned_data["caption"], actor=request.user)
            except StudyError as error:
                form.add_error("picture", str(error))
            else:
                messages.success(request, _("The picture is stored."))
                return redirect("study_interface", study.slug)
    elif job := ended(request, study, KIND):
        tell_end(request, job)
        return redirect("study_interface", study.slug)
    job = going_on(study, KIND)
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "pictures": [{"row": row, "caption": stored.caption_of(row)} for _n, row in stored.named_pictures(study)],
        "has_chromium": chromium_path() is not None,
        "ready": has_all_images(study),
        "job_url": address_of(job, then=f"{request.path}?job={job.pk}") if job else "",
    }
    return render(request, "analysis/interface.html", context, status=422 if form.errors else 200)


@require_POST
@study_page(Right.EDIT)
def study_interface_take(request: HttpRequest, study: Study) -> HttpResponse:
    """Have a worker take the pictures, and lead to its progress."""
    try:
        job = going_on(study, KIND) or jobs.request_job(study, KIND, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_interface", study.slug)
    page = redirect("study_interface", study.slug).url
    return redirect(address_of(job, then=f"{page}?job={job.pk}"))


@require_POST
@study_page(Right.EDIT)
def study_interface_remove(request: HttpRequest, study: Study, picture_id: int) -> HttpResponse:
    """Remove a picture."""
    stored.remove(study, [get_object_or_404(study.interface_pictures, pk=picture_id)], actor=request.user)
    messages.success(request, _("The picture is removed."))
    return redirect("study_interface", study.slug)


@require_safe
@study_page(Right.LOOK)
def study_interface_picture(request: HttpRequest, study: Study, picture_id: int) -> HttpResponse:
    """One picture, to look at."""
    picture = get_object_or_404(study.interface_pictures, pk=picture_id)
    with picture.image.open("rb") as file:
        response = HttpResponse(file.read(), content_type="image/png")
    response["Cache-Control"] = "private, max-age=86400"  # a picture never changes
    return response


@require_safe
@study_page(Right.LOOK)
def study_interface_zip(request: HttpRequest, study: Study) -> HttpResponse:
    """All pictures with their captions."""
    response = HttpResponse(stored.pictures_zip(study), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-interface.zip"'
    return response
