"""A study's public gallery: the clips, their images and how they fared, for anybody who has the address.

No page here sets a cookie or leads into the console. A gallery that is off, hidden or never was gets the page of a link
that does not exist. Images are those of the survey, written anew without what their files hold beside the pixels.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.base import ContentFile, File
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from analysis.console.result_pages import named_languages, report_language
from analysis.models import Gallery
from analysis.study_results.gallery import public_gallery, usable_analysis
from analysis.study_results.gallery_citation import citation, data_address, makers_of
from analysis.study_results.gallery_contents import (
    Order,
    conditions_of,
    may_be_heard,
    numbers_of,
    page_of,
)
from analysis.study_results.report_context import notices
from study.console.media import ranged_response
from study.instruments.of_study import instrument_of
from study.instruments.words import in_words
from study.models import Clip, Stimulus, Study
from study.participants.links import full_url
from study.stored_files.copies import read_or_open
from study.survey.decorators import survey_page
from study.survey.visit_ends import unknown_link
from study.survey_images.versions import published_as, read_published
from study.texts import question

# So long may a browser show an image or play a sound of a gallery that was switched off.
MEDIA_SECONDS = 300


def _page_of_gallery(*, cached: bool = False) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Pass the gallery to the view; tell search engines what its owner chose.

    Args:
        cached: the browser keeps what was found, for `MEDIA_SECONDS`.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @survey_page
        def with_gallery(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            gallery = public_gallery(slug)
            if gallery is None:
                raise unknown_link(request)
            response = view(request, gallery, **kwargs)
            if not gallery.indexed:
                response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        @wraps(view)
        @require_safe
        def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            response = with_gallery(request, **kwargs)
            if cached and response.status_code < 400:
                response["Cache-Control"] = f"private, max-age={MEDIA_SECONDS}"
                del response["Expires"]
            return response

        return page

    return decorate


@_page_of_gallery()
def gallery(request: HttpRequest, gallery: Gallery) -> HttpResponse:
    """One page of clips, sorted and chosen as the address asks; the answer and who made the study above them."""
    language, study = report_language(request), gallery.study
    address = full_url(reverse("gallery", args=[study.slug]))
    with translation.override(language):
        conditions = conditions_of(study)
        numbers = numbers_of(study, usable_analysis(study), conditions)
        order = Order.asked(request.GET, conditions)
        page, clips = page_of(gallery, conditions, numbers.measure, order, request.GET.get("page", "1"))
        shown = published_as(study) if gallery.images else None
        context = {
            "study": study,
            "gallery": gallery,
            "asked": in_words(instrument_of(study), question(study)),
            "makers": makers_of(study),
            "notices": notices(study),
            "numbers": numbers,
            "order": order,
            "kept": "".join(f"&{name}={value}" for name, value in _kept(order, language, request)),
            "page": page,
            "clips": clips,
            "conditions": conditions,
            "shown": shown,
            "full": shown and max(shown.widths),
            "height": shown and shown.size(shown.default_width)[1],
            "address": address,
            "citation": citation(study, address),
            "data": data_address(study),
            "language": language,
            "languages": named_languages(),
        }
        return render(request, "analysis/gallery.html", context)


def _kept(order: Order, language: str, request: HttpRequest) -> list[tuple[str, str]]:
    """What a link to another page of the gallery keeps; every value is one of ours."""
    values = {"sort": order.sort if order.sort != "clip" else "", "ahead": order.ahead}
    values["language"] = language if "language" in request.GET else ""
    return [(name, value) for name, value in values.items() if value]


@_page_of_gallery(cached=True)
def gallery_image(request: HttpRequest, gallery: Gallery, number: int, condition: str) -> HttpResponse:
    """One image, in one of the widths of the page (`?w=512`)."""
    if not gallery.images:
        raise Http404("the gallery shows no images")
    clip = _clip(gallery.study, number)
    images = Stimulus.objects.filter(clip=clip, condition__key=condition).exclude(image="").order_by()
    name = images.values_list("image", flat=True).first()
    shown = published_as(gallery.study)
    width = _width(request, shown.widths, shown.default_width) if shown else None
    if not name or shown is None or width is None:
        raise Http404("no such image")
    etag = _etag(name, str(width))
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    try:
        content = read_published(shown, name, width)
    except FileNotFoundError:
        raise Http404("the image is lost") from None
    return HttpResponse(content, content_type="image/webp", headers={"ETag": etag, "Content-Disposition": "inline"})


@_page_of_gallery(cached=True)
def gallery_sound(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """The sound of a clip as the survey played it, or a range of it, if it may be published."""
    clip = _clip(gallery.study, number)
    if not (gallery.sounds and may_be_heard(clip)):
        raise Http404("this sound is not public")
    etag = _etag(str(clip.survey_audio.name))
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    try:
        found = read_or_open(str(clip.survey_audio.name))
    except FileNotFoundError:
        raise Http404("the sound is lost") from None
    file = found if isinstance(found, File) else ContentFile(found)
    response = ranged_response(request, file, file.size, "audio/mpeg", etag)
    response["Content-Disposition"] = "inline"
    return response


def _clip(study: Study, number: int) -> Clip:
    return get_object_or_404(Clip, study=study, number=number, included=True, is_practice=False)


def _width(request: HttpRequest, widths: tuple[int, ...], usual: int) -> int | None:
    asked = request.GET.get("w")
    return usual if asked is None else next((width for width in widths if str(width) == asked), None)


def _etag(*parts: str) -> str:
    """Of a file that never changes under its stored name, which it does not tell."""
    return f'"{hashlib.sha256(" ".join(parts).encode()).hexdigest()[:24]}"'
