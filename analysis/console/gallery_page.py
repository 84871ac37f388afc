"""The page on which a study's owner switches its public gallery on and off."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from analysis.study_results import analyses
from analysis.study_results.gallery import (
    drafts_with_its_images,
    ensure_possible,
    gallery_of,
    judged_in,
    switch_off,
    switch_on,
    usable_analysis,
)
from analysis.study_results.gallery_contents import clips_of, may_be_heard
from study.access import Right
from study.console.common import access_to, study_page
from study.errors import StudyError
from study.models import Study
from study.participants.links import full_url


class GalleryForm(forms.Form):
    """What is public beside the numbers; nothing that the page does not name."""

    images = forms.BooleanField(
        label=gettext_lazy("Images"),
        required=False,
        initial=True,
        help_text=gettext_lazy("of every clip and condition, as participants saw them. Ask whether you may."),
    )
    sounds = forms.BooleanField(
        label=gettext_lazy("Sounds"),
        required=False,
        help_text=gettext_lazy(
            "of the clips whose sound may be published, as their pages say, each with its licence; also of those of "
            "which that is said later"
        ),
    )
    names = forms.BooleanField(
        label=gettext_lazy("File names of the clips"),
        required=False,
        help_text=gettext_lazy("They often name artist and piece. Without them, clips have numbers."),
    )
    prompts = forms.BooleanField(
        label=gettext_lazy("Prompts and tags"),
        required=False,
        help_text=gettext_lazy("the text that each image was made from, and the tags that the clips came with"),
    )
    indexed = forms.BooleanField(
        label=gettext_lazy("Search engines may list it"),
        required=False,
        help_text=gettext_lazy("Without this, they are told to leave it out, and it is found by its address alone."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.RESULTS)
def study_gallery(request: HttpRequest, study: Study) -> HttpResponse:
    """Say what the gallery shows or would show, and whether it can be switched on; switch it on."""
    if request.method == "POST":
        access_to(request).require(Right.OWN)
    if analyses.latest_unsealed(study) is None:
        raise Http404("no results to show")
    form = GalleryForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            switch_on(study, actor=request.user, **form.cleaned_data)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The gallery is on: anybody who has its address can see it."))
            return redirect("study_gallery", study.slug)
    sounds = [may_be_heard(clip) for clip in clips_of(study)]
    context: dict[str, Any] = {
        "study": study,
        "form": form,
        "gallery": gallery_of(study),
        "address": full_url(reverse("gallery", args=[study.slug])),
        "may_switch": access_to(request).allows(Right.OWN),
        "hindrance": _hindrance(study, request.user),
        "judged_in": judged_in(study, request.user),
        "without_numbers": usable_analysis(study) is None,
        "drafts": drafts_with_its_images(study, request.user),
        "clips": len(sounds),
        "sounds": sum(sounds),
    }
    return render(request, "analysis/gallery_page.html", context, status=400 if form.errors else 200)


@require_POST
@study_page(Right.OWN)
def study_gallery_off(request: HttpRequest, study: Study) -> HttpResponse:
    """Switch the gallery off at once."""
    switch_off(study, actor=request.user)
    messages.success(request, _("The gallery is off: its address shows nothing any more."))
    return redirect("study_gallery", study.slug)


def _hindrance(study: Study, user: Any) -> str:
    """Why the gallery cannot be switched on now; empty if it can."""
    try:
        ensure_possible(study, user)
    except StudyError as error:
        return str(error)
    return ""
