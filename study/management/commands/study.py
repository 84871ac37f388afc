"""`manage.py study VERB …`: a study from its making to its end, as a script does it."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from study.access import Access, Right
from study.api import contents
from study.console.common import condition_rows
from study.console.forms.describe import ConditionsForm, CreateStudyForm, DescribeForm
from study.design.conditions import ConditionPreset
from study.errors import StudyError
from study.jobs.requests import cancel
from study.management.arguments import output_file, whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, stored_values, values_of
from study.models import Study
from study.setup import drafting, lifecycle, preflight, sharing, study_templates, trying_out
from study.setup.copying import copy_study

REASON = argument("--reason", "for the study's log", required=True)
HERE = argument("--here", "check its blinding in this process, not by a worker", action="store_true")
SURE = argument("--yes", "you are sure: this cannot be undone", action="store_true", required=True)


def create(account: Any, given: Given) -> dict[str, Any]:
    template = _template(given["template"]) if given["template"] else None
    values = {"title": given["title"]} | ({} if template else {"design": "preset"}) | values_of(given)
    presets = template.presets if template else None
    form = checked(lambda data: CreateStudyForm(data, presets=presets), values)
    title, presets = form.cleaned_data["title"], form.cleaned_data["presets"]
    if template is None:
        study = lifecycle.create_study(title=title, owner=account, presets=presets)
    else:
        study = study_templates.create_from_template(template, title=title, owner=account, presets=presets)
    return {"done": f"The study {study.slug} is made.", "slug": study.slug}


def _template(name: str) -> study_templates.StudyTemplate:
    """Return the template that ships under this name, or that of a file."""
    if name in study_templates.SHIPPED:
        return study_templates.load_template(study_templates.shipped_template(name))
    if not Path(name).is_file():
        raise StudyError(f"There is no template '{name}': name a file, or one of {', '.join(study_templates.SHIPPED)}.")
    with Path(name).open("rb") as file:
        content = file.read(4 * study_templates.LARGEST + 1)
    try:
        return study_templates.load_template(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise StudyError(f"{name} is no UTF-8 text.") from error
    except study_templates.TemplateRefused as error:
        raise StudyError(f"{name} is no template: {error}") from error


def template(access: Access, given: Given) -> dict[str, Any]:
    text = study_templates.template_yaml(access.study)
    if given["out"] is None:
        return {"yaml": text}
    given["out"].write_text(text, encoding="utf-8")
    return {"done": f"The template is in {given['out']}.", "file": str(given["out"])}


def describe(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    make = partial(DescribeForm, study=study)
    if not values:
        return {"values": stored_values(make(None))}
    form = checked(make, values)
    drafting.describe_study(
        study,
        title=form.cleaned_data["title"],
        description=form.cleaned_data["description"],
        languages=form.cleaned_data["languages"],
        texts=form.texts(),
        responsible=form.responsible(),
        actor=access.user,
    )
    return {"done": "Saved.", "changed": sorted(values)}


def conditions(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    if values:
        presets = tuple(ConditionPreset(row.key, row.label, row.levels) for row in study.conditions.all())
        form = checked(lambda data: ConditionsForm(data, presets=presets), values)
        drafting.replace_conditions(study, form.cleaned_data["presets"], actor=access.user)
    return {"conditions": condition_rows(study)}


def check(access: Access, given: Given) -> dict[str, Any]:
    study = access.study
    findings = preflight.run(study) if study.status == Study.Status.DRAFT else []
    blocking = any(finding.level is preflight.Level.BLOCKS for finding in findings)
    return {
        "can_open": study.status == Study.Status.DRAFT and not blocking,
        "findings": [{"level": finding.level.value, "message": str(finding.message)} for finding in findings],
    }


def check_blinding(access: Access, given: Given) -> dict[str, Any]:
    audit = trying_out.check_blinding(access.study, actor=access.user)
    return {"done": "A worker checks the blinding.", "state": audit.state}


def preview(access: Access, given: Given) -> dict[str, Any]:
    return {"address": trying_out.preview_address(access.study, actor=access.user)}


def begin(access: Access, given: Given) -> dict[str, Any]:
    if given["here"]:
        lifecycle.open_study(access.study, actor=access.user)
        return {"done": "The study is open.", "status": "open"}
    if lifecycle.open_or_audit_first(access.study, actor=access.user):
        return {"done": "The study is open.", "status": "open"}
    return {"done": "A worker checks the blinding first, and opens the study if it holds.", "status": "draft"}


def pause(access: Access, given: Given) -> dict[str, Any]:
    lifecycle.pause_study(access.study, actor=access.user, reason=_reason(given))
    return {"done": "The study is paused.", "status": "paused"}


def resume(access: Access, given: Given) -> dict[str, Any]:
    lifecycle.resume_study(access.study, actor=access.user)
    return {"done": "The study is open again.", "status": "open"}


def close(access: Access, given: Given) -> dict[str, Any]:
    closed = lifecycle.close_study(access.study, actor=access.user, reason=_reason(given))
    opens = closed.closed_at + timedelta(minutes=closed.grace_minutes) if closed.closed_at else None
    return {"done": "The study is closed.", "status": "closed", "results_open_at": contents.time_text(opens)}


def _reason(given: Given) -> str:
    reason = str(given["reason"]).strip()[:500]
    if not reason:
        raise StudyError("Give a reason; it is written to the study's log.")
    return reason


def archive(access: Access, given: Given) -> dict[str, Any]:
    sharing.archive_study(access.study, actor=access.user)
    return {"done": "The study is in the archive.", "archived": True}


def restore(access: Access, given: Given) -> dict[str, Any]:
    sharing.restore_study(access.study, actor=access.user)
    return {"done": "The study is back from the archive.", "archived": False}


def copy(access: Access, given: Given) -> dict[str, Any]:
    made = copy_study(access.study, title=given["title"] or f"{access.study.title[:180]} (copy)", owner=access.user)
    return {"done": f"The copy is the draft {made.slug}.", "slug": made.slug}


def delete(access: Access, given: Given) -> dict[str, Any]:
    if given["title"].strip() != access.study.title.strip():
        raise StudyError("That is not the study's title. Nothing was deleted.")
    deletion = drafting.delete_draft(access.study, actor=access.user)
    return {"done": "The study is deleted; for a day it can be brought back.", "deletion": deletion.pk}


def log(access: Access, given: Given) -> dict[str, Any]:
    return contents.log_contents(access, given["after"], with_people=given["people"])


def list_jobs(access: Access, given: Given) -> dict[str, Any]:
    from study.console.jobs import job_row, right_to

    rows = [job_row(job) for job in access.study.jobs.prefetch_related("files") if access.allows(right_to(job.kind))]
    return {
        "jobs": [
            {
                "id": row["job"].pk,
                "title": str(row["title"]),
                "state": row["job"].state,
                "error": row["job"].error,
                "files": [file.name for file, _url in row["files"]],
            }
            for row in rows
        ]
    }


def cancel_job(access: Access, given: Given) -> dict[str, Any]:
    job = access.study.jobs.filter(pk=given["job"]).first()
    if job is None:
        raise StudyError(f"There is no work {given['job']} in this study: `study jobs` lists it.")
    cancel(job)
    return {"done": "The work is cancelled.", "id": job.pk}


class Command(ScriptedCommand):
    help = "Make a study, prepare, open, pause, close, archive, copy or delete it; read its state and its log."
    examples = (
        'create --title "Which image fits?" --as mina --json',
        "describe my-study --from texts.json --as mina",
        "open my-study --yes --as mina",
        "template my-study --out template.yaml --as mina",
    )
    verbs = (
        Verb(
            "list",
            "list the studies that the account may see",
            None,
            lambda user, _given: contents.studies_contents(user),
        ),
        Verb(
            "create",
            "make a draft; with design=own label_1=… label_2=… with conditions of one's own",
            None,
            create,
            (
                argument("--title", "for its researchers; participants do not see it", required=True),
                argument(
                    "--template",
                    f"begin from a template: a YAML file, or one of {', '.join(study_templates.SHIPPED)}",
                    metavar="TEMPLATE",
                ),
                *VALUES,
            ),
            ("study_create",),
        ),
        Verb("show", "tell its state", Right.SEE, lambda access, _given: contents.study_contents(access)),
        Verb(
            "describe",
            "print or change what people read",
            Right.LOOK,
            describe,
            VALUES,
            ("study_describe",),
            Right.EDIT,
        ),
        Verb(
            "conditions",
            "print or replace the conditions",
            Right.LOOK,
            conditions,
            VALUES,
            ("study_describe",),
            Right.EDIT,
        ),
        Verb("check", "tell what keeps it from opening", Right.LOOK, check),
        Verb(
            "check-blinding",
            "have it checked that no condition can be guessed",
            Right.EDIT,
            check_blinding,
            (),
            ("study_blinding_check",),
        ),
        Verb("preview", "make a link to the survey for a pilot", Right.EDIT, preview, (), ("study_preview_start",)),
        Verb("open", "open it for participants", Right.EDIT, begin, (SURE, HERE), ("study_move begin",)),
        Verb("pause", "let nobody begin or answer for a while", Right.RUN, pause, (REASON,), ("study_move pause",)),
        Verb("resume", "open it again", Right.RUN, resume, (), ("study_move resume",)),
        Verb("close", "close it for good", Right.OWN, close, (REASON, SURE), ("study_move close",)),
        Verb(
            "template",
            "print conditions, texts and settings as a template for other studies",
            Right.LOOK,
            template,
            (argument("--out", "a file to write it to instead", type=output_file),),
        ),
        Verb("archive", "put a closed study into the archive", Right.EDIT, archive, (), ("study_archive",)),
        Verb("restore", "take it back from the archive", Right.EDIT, restore, (), ("study_archive",)),
        Verb(
            "copy",
            "copy it to a draft without participants, which shows each image with its condition",
            Right.EDIT,
            copy,
            (argument("--title", "of the copy", default=""),),
            ("study_copy",),
        ),
        Verb(
            "delete",
            "delete a draft",
            Right.OWN,
            delete,
            (argument("--title", "the study's title, to confirm", required=True),),
            ("study_delete",),
        ),
        Verb(
            "log",
            "print what was done to it",
            Right.SEE,
            log,
            (
                argument("--after", "behind this number of an entry", type=whole_number(), default=-1),
                argument("--people", "also the entries of people who finished", action="store_true"),
            ),
        ),
        Verb("jobs", "list large work, such as uploads and reports", Right.LOOK, list_jobs),
        Verb(
            "cancel-job",
            "end unfinished work",
            Right.EDIT,
            cancel_job,
            (argument("job", "its id", type=whole_number(1)),),
            ("job_cancel",),
        ),
    )
