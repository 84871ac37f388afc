"""What the account page shows beside the sign-in: studies with one's role, the latest sign-ins, the account's end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.accounts.forms import OwnPasswordForm
from study.models import LogEntry, Membership, Role, Study
from study.models.log import record

SIGN_INS_SHOWN = 10


def own_work(user: Any) -> dict[str, Any]:
    """Return the user's studies, each with the role, and the latest sign-ins."""
    own = [(study, Role.OWNER) for study in user.owned_studies.filter(rehearsal_of=None)]
    shared = Membership.objects.filter(user=user).select_related("study__owner").order_by("-study__created_at")
    return {
        "own_studies": [*own, *((member.study, Role(member.role)) for member in shared)],
        "sign_ins": LogEntry.objects.filter(study=None, action="signed in", actor=user).order_by("-number")[
            :SIGN_INS_SHOWN
        ],
    }


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account_delete(request: HttpRequest) -> HttpResponse:
    """Delete the account after the password was typed; its studies are to be passed on or deleted before."""
    user: Any = request.user
    owns = user.owned_studies.exists()
    form = OwnPasswordForm(request, request.POST if request.method == "POST" and not owns else None)
    if form.is_valid() and _delete(user):
        request.session.flush()  # no sign-out, which the log would write of an account that is gone
        messages.success(request, _("Your account is deleted."))
        return redirect("sign_in")
    last = user.is_superuser and not _other_operators(user).exists()
    owned = list(user.owned_studies.filter(rehearsal_of=None))  # one may have come since a moment ago
    context = {"form": form, "owned": owned, "last_operator": last}
    return render(request, "console/account_delete.html", context, status=422 if request.method == "POST" else 200)


def _other_operators(user: Any) -> Any:
    return get_user_model().objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)


@transaction.atomic
def _delete(user: Any) -> bool:
    """Delete the account and what it may do; return whether it could be.

    It cannot if it owns a study, was just given one to work on, or is the last operator.
    """
    # Studies before accounts, each in their order, as everything that writes to a study's log takes them.
    studies = list(Study.objects.select_for_update(of=("self",)).filter(memberships__user=user).order_by("pk"))
    chosen = Q(pk=user.pk) | Q(is_superuser=True, is_active=True) if user.is_superuser else Q(pk=user.pk)
    rows = {row.pk: row for row in get_user_model().objects.select_for_update().filter(chosen).order_by("pk")}
    locked = rows.get(user.pk)
    if locked is None or locked.owned_studies.exists() or (user.is_superuser and len(rows) < 2):
        return False
    members = {member.study_id: member for member in Membership.objects.filter(user=locked)}
    if members.keys() - {study.pk for study in studies}:
        return False
    for study in studies:
        if study.pk in members:
            members[study.pk].delete()
            record(study, "unshared", member=locked.get_username())
    locked.delete()  # a signal writes it to the installation's log
    return True
