"""The page of the step “Tags” on tags that the rule set does not know: each is mapped, kept or dropped."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.contrib import messages
from django.core.paginator import Paginator
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
from generation.runs.settings_changes import save_tag_choices
from generation.settings_model import settings_of
from generation.study_files import rule_set_of
from study.access import Right
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.versions import (
    CHOICE,
    VERSION,
    Conflict,
    Editing,
    editing,
    mark,
    marks_of_asked,
    read_version,
    settle,
    version_field,
)
from study.errors import StudyError
from study.models import Study
from study.setup.tag_table import split_tags

TAGS_A_PAGE = 100
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Sent:
    """What the page sent for a tag: "map", "keep", "drop", or "" while undecided; and the tags to map into, as text."""

    action: str
    into: str

    @property
    def targets(self) -> list[str]:
        return [normalise(word) for word in split_tags(self.into)]

    def __str__(self) -> str:
        """As `TagChoice` writes itself, so that the two can be compared."""
        return " + ".join(self.targets) if self.action == "map" else self.action


@dataclass(frozen=True)
class Row:
    """An unknown tag on the page, with what is stored for it; `sent` is what was sent and not saved."""

    found: UnknownTag
    choice: TagChoice | None
    sent: Sent | None = None
    conflict: Conflict | None = None

    @property
    def action(self) -> str:
        if self.sent:
            return self.sent.action
        return self.choice.action if self.choice else ""

    @property
    def into(self) -> str:
        """The tags to map into: those sent or chosen, else those suggested."""
        if self.sent:
            return self.sent.into
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
@one_at_a_time
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
    saved = editing(study, request.user, "tag choices saved")
    seen = read_version(request.POST.get(VERSION))
    sent, conflicts, problems = dict[str, Sent](), dict[str, Conflict](), list[str]()
    if request.method == "POST":
        sent = _sent(request.POST)
        taken, conflicts = _compare(request.POST, sent, settings.tag_choices, seen, saved)
        mine = {tag: choice for tag, choice in sent.items() if tag not in taken}
        choices, problems = with_sent(mine, rules, settings.tag_choices)
        if "accept" in request.POST:
            choices |= _suggested(rows, choices)
        try:
            lifecycle.lock_settings(study)
        except StudyError as error:
            problems = [str(error)]
        if not problems and not conflicts:
            return _save(request, study, choices)
        # What was sent and not saved is shown again, wherever the rows would stand by now.
        rows = [_unsaved(row, sent, conflicts) for row in rows if normalise(row.found.tag) in sent]
    page = Paginator(rows, TAGS_A_PAGE).get_page(request.GET.get("page") if not sent else 1)
    undecided = [row.found.tag for row in rows if row.choice is None]
    marks = saved.marks() | {normalise(row.found.tag): mark(str(row.choice or "")) for row in page.object_list}
    if conflicts:
        marks |= marks_of_asked(seen or {}, conflicts)
    context = {
        "study": study,
        "page": page,
        "version": version_field(marks),
        "undecided": len(undecided),
        "suggestions": any(row.found.suggested and row.choice is None for row in rows),
        "rules": rules.name,
        "better": next((pair for pair in rule_sets_that_know(undecided) if pair[0] != settings.rules), None),
        "known": sorted(rules.known - rules.meanings.keys()),
        "actions": [("map", _("map")), ("keep", _("keep")), ("drop", _("drop"))],
        "editable": editable,
        "problems": problems,
        "who": saved.who_saved(seen or {}) if conflicts else "",
        "unsaved": bool(sent),
    }
    status = 409 if conflicts or (problems and not editable) else 400 if problems else 200
    return render(request, "generation/unknown_tags.html", context, status=status)


def _sent(posted: QueryDict) -> dict[str, Sent]:
    """Return what was posted as `tag-X`, `action-X` and `into-X`, by tag.

    On the page X is the tag: what is typed is put back by these names, and rows change places between two pages.
    """
    rows = [name.removeprefix("tag-") for name in posted if name.startswith("tag-")]
    return {
        normalise(posted.get(f"tag-{row}", "")): Sent(posted.get(f"action-{row}", ""), posted.get(f"into-{row}", ""))
        for row in rows
    }


def _compare(
    posted: QueryDict,
    sent: dict[str, Sent],
    stored: dict[str, TagChoice],
    seen: dict[str, str] | None,
    saved: Editing,
) -> tuple[list[str], dict[str, Conflict]]:
    """Return the tags that keep what is stored, and those that the sender and somebody else chose differently."""
    if seen is None and saved.may_overwrite:
        return [], {}
    mine = {tag: mark(str(choice)) for tag, choice in sent.items()}
    now = {tag: str(stored.get(tag, "")) for tag in sent}
    marks = {tag: mark(text) for tag, text in now.items()}
    settled = settle(seen or {}, mine, marks, lambda tag: posted.get(CHOICE + tag, ""))
    words = {"": _("undecided"), "keep": _("keep"), "drop": _("drop")}
    return settled.take, {tag: Conflict(tag, tag, words.get(now[tag], now[tag]), marks[tag]) for tag in settled.ask}


def _unsaved(row: Row, sent: dict[str, Sent], conflicts: dict[str, Conflict]) -> Row:
    tag = normalise(row.found.tag)
    return Row(row.found, row.choice, sent[tag], conflicts.get(tag))


def with_sent(
    sent: dict[str, Sent], rules: RuleSet, before: dict[str, TagChoice]
) -> tuple[dict[str, TagChoice], list[str]]:
    """Return the choices with those that were sent, and what is wrong with them."""
    choices, problems = dict(before), list[str]()
    for tag, choice in sent.items():
        choices.pop(tag, None)
        if choice.action in ("keep", "drop"):
            choices[tag] = TagChoice(action=choice.action)
        elif choice.action == "map":
            problems += islice(_target_problems(tag, choice.targets, rules), MOST_PROBLEMS)
            if choice.targets:
                choices[tag] = TagChoice(action="map", into=tuple(choice.targets))
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
    """Store the choices."""
    save_tag_choices(study, choices, actor=request.user)
    message = ngettext(
        "%(n)d choice is saved; the next run applies it before the rules.",
        "%(n)d choices are saved; the next run applies them before the rules.",
        len(choices),
    )
    return redirect_after_save(request, study, "generation_unknown_tags", message % {"n": len(choices)}, step="tags")
