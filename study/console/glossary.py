"""The page that explains the words of the console."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from study.console.glossary_words import GROUPS


@require_safe
@login_required
def glossary(request: HttpRequest) -> HttpResponse:
    """Explain the words of the console."""
    return render(request, "console/glossary.html", {"groups": GROUPS})
