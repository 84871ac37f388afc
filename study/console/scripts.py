"""The page “Scripts”: the tokens by which a person's own scripts read the study, made and ended."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console.common import access_to, hold_for_next_page, study_page, take_held
from study.console.forms.scripts import ApiTokenForm
from study.errors import StudyError
from study.models import Study
from study.participants.links import full_url
from study.setup.api_tokens import end_token, make_token, shown_tokens

_HELD = "new_api_token"


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE)
def study_scripts(request: HttpRequest, study: Study) -> HttpResponse:
    """List one's own tokens, of which the owner sees everybody's; make one, which is shown this once."""
    form = ApiTokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _row, token = make_token(study, **form.cleaned_data, actor=request.user)
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            hold_for_next_page(request, study, _HELD, token)
            return redirect("study_scripts", study.slug)
    context = {
        "study": study,
        "form": form,
        "token": take_held(request, study, _HELD),
        "tokens": shown_tokens(access_to(request)),
        "api": full_url(reverse("api_study", args=[study.slug])),
    }
    return render(request, "study/scripts.html", context, status=400 if form.errors else 200)


@require_POST
@study_page(Right.SEE)
def api_token_end(request: HttpRequest, study: Study, token_id: int) -> HttpResponse:
    """End a token at once: one's own, or as the owner anybody's."""
    token = get_object_or_404(study.api_tokens, pk=token_id)
    if token.user_id != request.user.pk:
        access_to(request).require(Right.OWN)
    end_token(token, actor=request.user)
    messages.success(request, _("The token has ended: it opens nothing any more."))
    return redirect("study_scripts", study.slug)
