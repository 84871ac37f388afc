"""The page “Log”: what was done to the study, and for its owner who of its people signed in when."""

from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from study.access import Right
from study.ballots.commitments import FINISHED
from study.console.common import access_to, readable_entries, study_page
from study.console.downloads import DOWNLOADED
from study.models import ChainHead, LogEntry, Study

ENTRIES_A_PAGE = 100


@require_safe
@study_page(Right.SEE)
def study_log(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what was done to the study, by whom, when and why; newest first.

    Ten thousand people who finish would bury what researchers did: their entries are counted, and shown with `?people`.
    """
    entries, with_people = readable_entries(access_to(request)).order_by("-number"), "people" in request.GET
    finished = study.log.filter(action=FINISHED).count()
    if "sign-ins" in request.GET:
        return _sign_ins(request, study)
    shown = entries if with_people else entries.exclude(action=FINISHED)
    page = Paginator(shown, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    if not access_to(request).allows(Right.LOOK):
        for entry in page.object_list:
            if entry.action == DOWNLOADED:  # its file may bear a name that a researcher gave it
                entry.data.pop("file", None)
    chain = ChainHead.objects.filter(study=study).first()
    context = {"study": study, "page": page, "finished": finished, "with_people": with_people, "chain": chain}
    context["hidden"] = study.log.count() - entries.count()
    return render(request, "study/log.html", context)


def _sign_ins(request: HttpRequest, study: Study) -> HttpResponse:
    """Show when the study's people signed in and out since they work on it, from the installation's log."""
    access_to(request).require(Right.OWN)
    people = get_user_model().objects.filter(Q(pk=study.owner_id) | Q(memberships__study=study))
    joined = dict(study.log.filter(action="shared").order_by("number").values_list("data__member", "at"))
    since = Q(pk__in=())
    for person in people:
        since |= Q(actor=person, at__gte=joined.get(person.get_username()) or study.created_at)
    entries = LogEntry.objects.filter(since, study=None, action__in=("signed in", "signed out"))
    page = Paginator(entries.order_by("-number"), ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "study/sign_ins.html", {"study": study, "page": page})
