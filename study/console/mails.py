"""The page “Mails about this study”: each who works on it chooses for themselves."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import study_page
from study.models import NoticeKind, Study
from study.notices.choices import choose_mails, kinds_wanted
from study.notices.texts import sentence_of
from study.published_heads.places import mail_is_sent

SHOWN = 10
_EXPLAINED = {
    NoticeKind.TARGET: gettext_lazy("Once, when as many people have finished as the plan's target says."),
    NoticeKind.STOPS: gettext_lazy(
        "Once a day for each step, if of the last 50 people at least 5 and at least 20 % of those who came to it left "
        "there, and chance alone would hardly do that."
    ),
    NoticeKind.WORK: gettext_lazy(
        "Once a day, if something that you or colleagues asked for has waited for a quarter of an hour, and no worker "
        "has been seen that would do it."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE)
def study_mails(request: HttpRequest, study: Study) -> HttpResponse:
    """Show which mails about the study the reader gets, and change that."""
    if request.method == "POST":
        choose_mails(study, request.user, request.POST.getlist("kind"))
        messages.success(request, _("Saved. You get the mails that are ticked."))
        return redirect("study_mails", study.slug)
    wanted = kinds_wanted(study, request.user)
    context: dict[str, Any] = {
        "study": study,
        "kinds": [
            {"kind": kind.value, "name": kind.label, "explained": _EXPLAINED[kind], "wanted": kind in wanted}
            for kind in NoticeKind
        ],
        "is_sent": mail_is_sent(),
        "notices": [{"at": notice.found_at, "text": sentence_of(notice)} for notice in study.notices.all()[:SHOWN]],
    }
    return render(request, "study/mails.html", context)
