"""`manage.py links VERB …`: the ways into a study."""

from typing import Any

from study.access import Access, Right
from study.console.forms.links import LinksForm
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import checked
from study.models import Participant
from study.participants.links import create_personal_links, open_link
from study.participants.short_codes import make_short_code, withdraw_short_code


def show(access: Access, given: Given) -> dict[str, Any]:
    study = access.study
    return {
        "open_link": open_link(study),
        "code": study.short_code or "",
        "personal_links": study.invite_links.filter(kind=Participant.Kind.REAL).count(),
    }


def make(access: Access, given: Given) -> dict[str, Any]:
    labels = "\n".join(given["label"] or ())
    sent = {"count": given["count"], "cap": given["cap"], "labels": labels}
    form = checked(LinksForm, sent)
    made = create_personal_links(access.study, **form.cleaned_data, actor=access.user)
    return {"links": [{"label": label, "link": link} for label, link in made]}


def make_code(access: Access, given: Given) -> dict[str, Any]:
    return {"code": make_short_code(access.study, actor=access.user)}


def withdraw_code(access: Access, given: Given) -> dict[str, Any]:
    withdraw_short_code(access.study, actor=access.user)
    return {"done": "The short code opens nothing any more."}


class Command(ScriptedCommand):
    help = "Print a study's open link, and make personal links or a short code."
    examples = ("show my-study --as mina", "make my-study 30 --as mina --json")
    verbs = (
        Verb("show", "print the open link and the short code", Right.SEE, show),
        Verb(
            "make",
            "make personal links; they are shown only now",
            Right.RUN,
            make,
            (
                argument("count", "how many", type=whole_number(1, 2000)),
                argument("--cap", "people for each link", type=whole_number(1, 1000), default=1),
                argument("--label", "a name for a link; give one for each, or none", action="append"),
            ),
            ("study_links",),
        ),
        Verb("code", "make a short code to type", Right.RUN, make_code, (), ("short_code_change make",)),
        Verb("no-code", "withdraw the short code", Right.RUN, withdraw_code, (), ("short_code_change withdraw",)),
    )
