"""The page “People”: who works on a study in which role, who is invited, and to whom it is passed on."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.access import Right
from study.console.common import access_to, hold_for_next_page, study_page, take_held
from study.console.forms.people import ShareForm
from study.errors import StudyError
from study.models import Study
from study.models.members import GIVEN_ROLES
from study.setup import invitations, sharing

_NEW_LINK = "new_invitation"


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE)
def study_members(request: HttpRequest, study: Study) -> HttpResponse:
    """Show who works on the study; share it with a colleague, or invite somebody."""
    if study.rehearsal_of is not None:  # the same people work on both
        return redirect("study_members", study.rehearsal_of.slug)
    if request.method == "POST":
        access_to(request).require(Right.OWN)
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name, role = form.cleaned_data["name"], form.cleaned_data["role"]
        try:
            if form.is_invitation:
                return _invite(request, study, name, role)
            user = sharing.share_study(study, name, role=role, actor=request.user)
        except StudyError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("%(name)s can work on this study now.") % {"name": user.get_username()})
            return redirect("study_members", study.slug)
    return _page(request, study, form, **(take_held(request, study, _NEW_LINK) or {}))


def _page(request: HttpRequest, study: Study, form: ShareForm, **more: Any) -> HttpResponse:
    members = list(study.memberships.select_related("user").order_by("user__username"))
    context = {"study": study, "form": form, "members": members, "roles": GIVEN_ROLES} | more
    context["offered"] = next((member.user for member in members if member.offered_ownership), None)
    context["invitations"] = study.invitations.all() if access_to(request).allows(Right.OWN) else ()
    return render(request, "study/members.html", context, status=400 if form.errors else 200)


def _invite(request: HttpRequest, study: Study, address: str, role: str) -> HttpResponse:
    """Invite, and keep the link for the page that follows: it is shown there once, and kept nowhere after that."""
    link = invitations.invite(study, address, role=role, actor=request.user)
    mailed = invitations.send_invitation(study, address, link, actor=request.user)
    hold_for_next_page(request, study, _NEW_LINK, {"link": link, "mailed": mailed, "invited": address})
    return redirect("study_members", study.slug)


@require_POST
@study_page(Right.OWN)
def invitation_change(request: HttpRequest, study: Study, invitation_id: int) -> HttpResponse:
    """Send an invitation again, with a new link, or withdraw it."""
    invitation = get_object_or_404(study.invitations, pk=invitation_id)
    if "again" in request.POST:
        try:
            return _invite(request, study, invitation.address, invitation.role)
        except StudyError as error:
            messages.error(request, str(error))
    elif "withdraw" in request.POST:
        invitations.withdraw_invitation(invitation, actor=request.user)
        messages.success(request, _("The invitation is withdrawn."))
    return redirect("study_members", study.slug)


@require_POST
@study_page(Right.SEE)
def member_remove(request: HttpRequest, study: Study, user_id: int) -> HttpResponse:
    """End a colleague's work on the study, or one's own."""
    if user_id != request.user.pk:
        access_to(request).require(Right.OWN)
    user = get_object_or_404(get_user_model(), pk=user_id, memberships__study=study)
    sharing.unshare_study(study, user, actor=request.user)
    messages.success(request, _("%(name)s no longer works on this study.") % {"name": user.get_username()})
    return redirect("study_list") if user == request.user else redirect("study_members", study.slug)


@require_POST
@study_page(Right.OWN)
def member_role(request: HttpRequest, study: Study, user_id: int) -> HttpResponse:
    """Give a colleague another role."""
    user = get_object_or_404(get_user_model(), pk=user_id, memberships__study=study)
    try:
        sharing.change_role(study, user, request.POST.get("role", ""), actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The role of %(name)s is changed.") % {"name": user.get_username()})
    return redirect("study_members", study.slug)


@require_POST
@study_page(Right.OWN)
def ownership_offer(request: HttpRequest, study: Study) -> HttpResponse:
    """Offer the study to a colleague, or take the offer back."""
    if "withdraw" in request.POST:
        sharing.withdraw_offer(study, actor=request.user)
        messages.success(request, _("The study stays yours."))
        return redirect("study_members", study.slug)
    name = request.POST.get("name", "")
    user: Any = get_object_or_404(get_user_model(), username=name, memberships__study=study)
    sharing.offer_ownership(study, user, actor=request.user)
    messages.success(
        request, _("The study is offered to %(name)s, and stays yours until they accept.") % {"name": name}
    )
    return redirect("study_members", study.slug)


@require_POST
@study_page(Right.SEE)
def ownership_answer(request: HttpRequest, study: Study) -> HttpResponse:
    """Accept the study that its owner passes on, or decline it."""
    try:
        if "accept" in request.POST:
            sharing.accept_ownership(study, actor=request.user)
            messages.success(request, _("The study is yours now."))
        elif study.memberships.filter(user=request.user.pk, offered_ownership=True).exists():
            sharing.withdraw_offer(study, actor=request.user)
            messages.success(request, _("You have declined the study; it stays with its owner."))
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("study_members", study.slug)
