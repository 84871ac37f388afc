"""Links of invitations that do not exist: one answer for all of them, and fewer and fewer tries."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from study.survey import networks
from study.survey.visit_ends import GUESS_SECONDS, MAX_GUESSES


def refuse_guess(request: HttpRequest) -> HttpResponse:
    """Answer a link that is used, withdrawn, too old or made up: 404; 429 once a network has tried very many.

    Links that are good are never counted, so nobody is locked out by somebody else's guesses.
    """
    guesses, _seconds = networks.count("guesses", networks.network_of(request), GUESS_SECONDS)
    if guesses > MAX_GUESSES:
        response = render(request, "console/invitation.html", {"is_slow": True}, status=429)
        response["Retry-After"] = str(GUESS_SECONDS)
        return response
    return render(request, "console/invitation.html", status=404)
