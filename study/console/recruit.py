"""The page “Texts to paste”: what the study's recruiting platform asks for, ready to copy."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from study.access import Right
from study.console.common import study_page
from study.console.links import PLACEHOLDERS
from study.models import Study
from study.participants.fair_pay import basis_of, pay_of, verdict_on
from study.participants.links import open_link
from study.participants.platform_texts import sections_of


@require_safe
@study_page(Right.SEE)
def study_recruit(request: HttpRequest, study: Study) -> HttpResponse:
    """Show texts and settings for the platform, in the study's languages."""
    basis, pay = basis_of(study), pay_of(study)
    verdict = verdict_on(pay, basis)
    address = open_link(study) + PLACEHOLDERS.get(study.recruitment_platform, "")  # type: ignore[call-overload]
    return render(
        request,
        "study/recruit.html",
        {
            "study": study,
            "platform": study.get_recruitment_platform_display() if study.recruitment_platform else "",
            "sections": sections_of(study, address, basis, pay),
            "basis": basis.in_words() if basis else "",
            "low": verdict.words if verdict.is_low else "",
        },
    )
