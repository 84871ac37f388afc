"""A new study: from nothing, from a template, or as a copy; and a study's own template."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from study.access import Access, Right, role_of, studies_of
from study.console.common import study_page
from study.console.forms.describe import CreateStudyForm
from study.errors import StudyError
from study.instruments.reading import InstrumentRefused
from study.models import Study
from study.participants.questions import in_language
from study.setup import study_templates
from study.setup.copying import copy_study
from study.setup.lifecycle import create_study
from study.setup.study_templates import StudyTemplate, TemplateRefused

MOST_COPIES = 100


class TemplateFileForm(forms.Form):
    """A template that another lab, or this one, has saved."""

    template_file = forms.FileField(
        label=gettext_lazy("A template of your own"),
        help_text=gettext_lazy("A YAML file, as “Save as a template” on the overview of a study gives it."),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def study_create(request: HttpRequest) -> HttpResponse:
    """Create a draft: with conditions alone, from a template, or as a copy of a study."""
    if request.method == "POST" and "copy" in request.POST:
        return _copy(request)
    file_form = TemplateFileForm(request.POST, request.FILES) if "read_template" in request.POST else TemplateFileForm()
    text = _text_of_template(request, file_form)
    template = None
    if text:
        try:
            template = study_templates.load_template(text)
        except TemplateRefused as error:
            file_form.is_bound = True
            file_form.add_error("template_file", _("This is no template: %(why)s") % {"why": error})
    is_sent = request.method == "POST" and "read_template" not in request.POST and not file_form.errors
    form = CreateStudyForm(
        request.POST if is_sent else None,
        presets=template.presets if template else None,
        initial={"title": _name(template)} if template else {},
    )
    if is_sent and form.is_valid():
        try:
            study = _create(form.cleaned_data, template, request.user)
        except InstrumentRefused as error:  # the template's questions need more conditions than were written
            form.add_error("design", str(error))
        else:
            messages.success(request, _("The study has been created. Write what participants read, or upload clips."))
            return redirect("study_describe", study.slug)
    shown = {
        "form": form,
        "file_form": file_form,
        "offered": [(key, load) for key in study_templates.SHIPPED if (load := _shipped(key))],
        "copies": (copies := _copies(request)),
        "copies_blinded": any(study.is_blinded for study in copies),
        "text": text if template else "",
        "template": template,
        "about": in_language(template.about, get_language() or "en") if template else "",
        "name": _name(template) if template else "",
        "sets": study_templates.what_it_sets(template) if template else [],
        "chosen": request.GET.get("template", ""),
    }
    return render(request, "study/study_create.html", shown, status=400 if form.errors or file_form.errors else 200)


def _create(cleaned: dict[str, Any], template: StudyTemplate | None, owner: Any) -> Study:
    title, presets = cleaned["title"], cleaned["presets"]
    if template is None:
        return create_study(title=title, owner=owner, presets=presets)
    return study_templates.create_from_template(template, title=title, owner=owner, presets=presets)


def _text_of_template(request: HttpRequest, file_form: TemplateFileForm) -> str:
    """The template that the page is about: one that ships, by its name, one that is uploaded, or what was read then."""
    if "read_template" in request.POST:
        if not file_form.is_valid():
            return ""
        try:
            return file_form.cleaned_data["template_file"].read(4 * study_templates.LARGEST).decode("utf-8-sig")
        except UnicodeDecodeError:
            file_form.add_error("template_file", _("This is no text in UTF-8. Save it as UTF-8, then try again."))
            return ""
    if request.method == "POST":
        return request.POST.get("template", "")
    name = request.GET.get("template", "")
    if not name:
        return ""
    if name not in study_templates.SHIPPED:
        raise Http404("no such template")
    return study_templates.shipped_template(name)


def _shipped(key: str) -> str:
    return _name(study_templates.load_template(study_templates.shipped_template(key)))


def _name(template: StudyTemplate) -> str:
    return in_language(template.name, get_language() or "en")[:200]


def _copies(request: HttpRequest) -> list[Study]:
    """The studies that the researcher may copy; of a rehearsal its study is copied."""
    rows = (
        studies_of(request.user).filter(rehearsal_of=None).select_related("owner").order_by("-created_at")[:MOST_COPIES]
    )
    return [study for study in rows if _may_copy(request, study)]


def _may_copy(request: HttpRequest, study: Study) -> bool:
    return Access(study, role_of(request.user, study)).allows(Right.EDIT)


def _copy(request: HttpRequest) -> HttpResponse:
    study = studies_of(request.user).filter(slug=request.POST.get("copy", "")).first()
    if study is None or not _may_copy(request, study):
        raise Http404("no such study")
    title = _("%(title)s (copy)") % {"title": study.title[:180]}
    try:
        copy = copy_study(study, title=title, owner=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_create")
    messages.success(request, _("This is the copy: your own draft, with its own seed."))
    return redirect("study_describe", copy.slug)


@require_safe
@study_page(Right.LOOK)
def study_template(request: HttpRequest, study: Study) -> HttpResponse:
    """Send the study's conditions, texts and settings as a template."""
    try:
        text = study_templates.template_yaml(study)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect(study)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{study.slug}-template.yaml") or "attachment"
    return response
