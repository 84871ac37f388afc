"""The page of the step “Tags” on tags that the rule set does not know: each is mapped, kept or dropped."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from generation.errors import GenerationError
from generation.redefinition import RuleError, RuleSet
from generation.redefinition.choices import TagChoice, UnknownTag, rule_sets_that_know, unknown_tags
from generation.redefinition.spelling import normalise, suggestion
from generation.runs import lifecycle
from generation.settings_model import settings_of, store_settings
from generation.study_files import rule_set_of
from study.access import Right
from study.console.common import study_page
from study.errors import StudyError
from study.models import Study
from study.models.log import record
from study.setup.tag_table import split_tags

TAGS_A_PAGE = 100
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Row:
    """An unknown tag on the page, and what was chosen for it: "map", "keep", "drop", or "" while undecided."""

    found: UnknownTag
    choice: TagChoice | None

    @property
    def action(self) -> str:
        return self.choice.action if self.choice else ""

    @property
    def into(self) -> str:
        """The tags to map into: those chosen, else those suggested."""
        chosen = self.choice or self.found.suggested
        return ";".join(chosen.into) if chosen else ""


def unknown_rows(study: Study, rules: RuleSet, choices: dict[str, TagChoice]) -> list[Row]:
    """Return the included clips' unknown tags: the undecided first, then the most frequent."""
    tags_of_clips = list(study.clips.filter(included=True).values_list("imported_tags", flat=True))
    rows = [Row(found, choices.get(normalise(found.tag))) for found in unknown_tags(tags_of_clips, rules)]
    shown = {normalise(row.found.tag) for row in rows}
    # Choices for tags that another rule set did not know: they are applied, so they are shown.
    clips = Counter(name for tags in tags_of_clips for name in {normalise(tag) for tag in tags})
    rows += [Row(UnknownTag(tag, clips[tag]), choice) for tag, choice in choices.items() if tag not in shown]
    return sorted(rows, key=lambda row: row.choice is not None)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def unknown_tags_page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show each unknown tag with its clips and a suggestion; save the choices for the study."""
    try:
        settings = settings_of(study)
        rules = rule_set_of(study, settings.rules)
    except (GenerationError, RuleError) as error:
        messages.error(request, str(error))
        return redirect("generation_settings", study.slug)
    editable = study.settings_can_change and lifecycle.active_run(study) is None
    rows = unknown_rows(study, rules, settings.tag_choices)
    problems: list[str] = []
    if request.method == "POST" and editable:
        choices, problems = _read_choices(request.POST, rules, settings.tag_choices)
        if "accept" in request.POST:
            choices |= _suggested(rows, choices)
        if not problems:
            return _save(request, study, choices)
    page = Paginator(rows, TAGS_A_PAGE).get_page(request.GET.get("page"))
    undecided = [row.found.tag for row in rows if row.choice is None]
    context = {
        "study": study,
        "page": page,
        "undecided": len(undecided),
        "suggestions": any(row.found.suggested and row.choice is None for row in rows),
        "rules": rules.name,
        "better": next((pair for pair in rule_sets_that_know(undecided) if pair[0] != settings.rules), None),
        "known": sorted(rules.known - rules.meanings.keys()),
        "actions": [("map", _("map")), ("keep", _("keep")), ("drop", _("drop"))],
        "editable": editable,
        "problems": problems,
    }
    return render(request, "generation/unknown_tags.html", context, status=400 if problems else 200)


def _read_choices(
    posted: QueryDict, rules: RuleSet, before: dict[str, TagChoice]
) -> tuple[dict[str, TagChoice], list[str]]:
    """Return the choices with those posted as `tag-N`, `action-N` and `into-N`, and what is wrong with them."""
    choices, problems = dict(before), list[str]()
    numbers = [name.removeprefix("tag-") for name in posted if name.startswith("tag-")]
    for number in numbers:
        tag = normalise(posted.get(f"tag-{number}", ""))
        action = posted.get(f"action-{number}", "")
        choices.pop(tag, None)
        if action in ("keep", "drop"):
            choices[tag] = TagChoice(action=action)
        elif action == "map":
            into = [normalise(word) for word in split_tags(posted.get(f"into-{number}", ""))]
            problems += islice(_target_problems(tag, into, rules), MOST_PROBLEMS)
            if into:
                choices[tag] = TagChoice(action="map", into=tuple(into))
        if len(problems) >= MOST_PROBLEMS:  # each looks for the tag that may be meant
            break
    return choices, problems


def _target_problems(tag: str, into: list[str], rules: RuleSet) -> Iterable[str]:
    if not into:
        yield _("“%(tag)s”: name the tag that it becomes, or choose something else.") % {"tag": tag}
    for word in into:
        if word in rules.known and word != tag:
            continue
        near = suggestion(word, rules.known - {tag})
        hint = _("Did you mean “%(tag)s”?") % {"tag": near} if near else _("Choose one from the list.")
        yield _("“%(tag)s”: the rule set does not know “%(word)s”.") % {"tag": tag, "word": word} + f" {hint}"


def _suggested(rows: list[Row], choices: dict[str, TagChoice]) -> dict[str, TagChoice]:
    """Return the suggestions for all tags that have no choice."""
    return {
        name: row.found.suggested
        for row in rows
        if row.found.suggested and (name := normalise(row.found.tag)) not in choices
    }


def _save(request: HttpRequest, study: Study, choices: dict[str, TagChoice]) -> HttpResponse:
    try:
        with transaction.atomic():
            lifecycle.lock_draft(study)
            store_settings(study, settings_of(study).model_copy(update={"tag_choices": choices}))
            named = {tag: str(choice) for tag, choice in sorted(choices.items())}
            record(study, "tag choices saved", actor=request.user, choices=named)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        message = ngettext(
            "%(n)d choice is saved; the next run applies it before the rules.",
            "%(n)d choices are saved; the next run applies them before the rules.",
            len(choices),
        )
        messages.success(request, message % {"n": len(choices)})
    return redirect("generation_unknown_tags", study.slug)
