"""The yardstick of `load_ballots.py`: a bare Django view that makes a ballot's writes and nothing else.

In this project's own middleware, but without cookie, form or any look into the study: one transaction with the two
statements that every ballot needs, the row itself and the note that its person is still there.
"""

import uuid

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from study.models import Ballot, Participant


@csrf_exempt
def store(request: HttpRequest, participant: int, trial: int, first: int, second: int) -> JsonResponse:
    now = timezone.now()
    with transaction.atomic():
        Participant.objects.filter(pk=participant).update(last_seen_at=now)
        Ballot(
            trial_id=trial,
            first_id=first,
            second_id=second,
            submission_key=uuid.uuid4(),
            answered_at=now,
            seconds=9.0,
            digest="0" * 64,
        ).save(force_insert=True)
    return JsonResponse({"saved": True})


urlpatterns = [path("bare/<int:participant>/<int:trial>/<int:first>/<int:second>/", store)]
