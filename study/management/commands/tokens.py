"""`manage.py tokens VERB …`: tokens by which a person's scripts read a study over the network."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from study.access import Access, Right
from study.errors import StudyError
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.participants.links import full_url
from study.setup.api_tokens import MOST_DAYS, USUAL_DAYS, end_token, make_token, shown_tokens


def show(access: Access, given: Given) -> dict[str, Any]:
    return {
        "tokens": [
            {
                "id": row.pk,
                "account": row.user.get_username(),
                "name": row.name,
                "last_day": row.last_day.isoformat(),
                "last_used_on": row.last_used_on and row.last_used_on.isoformat(),
                "ended": row.has_ended,
            }
            for row in shown_tokens(access)
        ]
    }


def make(access: Access, given: Given) -> dict[str, Any]:
    last_day = timezone.localdate() + timedelta(days=given["days"])
    row, token = make_token(access.study, given["name"], last_day, actor=access.user)
    address = full_url(reverse("api_study", args=[access.study.slug]))
    return {"token": token, "id": row.pk, "last_day": last_day.isoformat(), "address": address}


def end(access: Access, given: Given) -> dict[str, Any]:
    row = access.study.api_tokens.filter(pk=given["token"]).first()
    if row is None:
        raise StudyError(f"There is no token {given['token']} in this study: `tokens list` lists them.")
    end_token(row, actor=access.user)
    return {"done": "The token has ended.", "id": given["token"]}


class Command(ScriptedCommand):
    help = "Make, list and end the tokens by which a person's scripts read a study as JSON."
    examples = ('make my-study --name "my notebook" --as mina --json', "end my-study 3 --as mina")
    verbs = (
        Verb("list", "list one's own; to the owner all", Right.SEE, show),
        Verb(
            "make",
            "make one; it is shown only now",
            Right.SEE,
            make,
            (
                argument("--name", "where it is used", required=True),
                argument("--days", "how many days it is good", type=whole_number(0, MOST_DAYS), default=USUAL_DAYS),
            ),
            ("study_scripts",),
        ),
        Verb(
            "end",
            "end one at once",
            Right.SEE,
            end,
            (argument("token", "its id", type=whole_number(1)),),
            ("api_token_end",),
        ),
    )
