"""The reference of `load_ballots.py`: a bare Django view that makes the two writes of a ballot and nothing else.

It has the project's middleware but no cookie, form or query of the study: one transaction updates `last_seen_at` of
the participant and inserts the ballot.
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
