"""All URLs of the project by name, for whom each is, and with which arguments to request them for a study or person."""

from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from analysis.models import SharedReport
from generation.console.clip_views import image_key
from study.access import Right
from study.instruments.of_study import instrument_of
from study.models import Study
from study.participants.answers_table import questions_of
from tests.study.visits import Visit

ANYBODY = "anybody"  # signing in and out, and the language of the site
LINK = "holders of a link"
RECEIPT = "holders of a receipt"
SIGNED_IN = "any researcher"
STUDY = "the researchers of the study"
PARTICIPANT = "the participant with the cookie"
TOKEN = "holders of a token of the study"

AUDIENCE = {
    ANYBODY: (
        "home",
        "sign_in",
        "sign_in_code",
        "forgotten_password",
        "sign_out",
        "api_nowhere",
        "survey_site_language",
        "survey_code",
    ),
    LINK: (
        "set_password",
        "invitation",
        "survey_welcome",
        "survey_join",
        "survey_personal",
        "shared_report",
        "shared_report_file",
        "shared_figure",
        "gallery",
        "gallery_image",
        "gallery_sound",
    ),
    RECEIPT: ("survey_withdraw",),
    SIGNED_IN: (
        *("account", "account_delete", "glossary", "second_factor"),
        *("study_list", "study_create", "study_import", "deleted_studies", "form_answers"),
        "compare_studies",
    ),
    STUDY: (
        "study_overview",
        "study_describe",
        "study_members",
        "member_remove",
        "member_role",
        "invitation_change",
        "ownership_offer",
        "ownership_answer",
        "study_log",
        "study_mails",
        "study_scripts",
        "api_token_end",
        "study_copy",
        "study_template",
        "study_archive",
        "study_delete",
        "study_deleted",
        "study_clips",
        "clips_change",
        "clip_edit",
        "clip_audio",
        "clip_tags",
        "clip_change",
        "study_tags",
        "tags_preview",
        "tags_template",
        "study_plan",
        "study_questions",
        "questions_change",
        "questions_preview",
        "questions_yaml",
        "questions_file",
        "question_add",
        "question_edit",
        "study_instrument",
        "instrument_change",
        "instrument_yaml",
        "instrument_file",
        "instrument_add",
        "instrument_edit",
        "study_rehearse",
        "rehearsal_remove",
        "study_publish",
        "publication_choices",
        "deposit_work",
        "deposit_badge",
        "study_preview",
        "study_preview_start",
        "study_open",
        "study_schedule",
        "schedule_cancel",
        "study_blinding",
        "study_blinding_check",
        "generation_tags",
        "generation_unknown_tags",
        "study_move",
        "study_monitor",
        "study_stages",
        "study_versions",
        "study_participants",
        "participant_exclude",
        "participant_replay",
        "problem_resolve",
        "study_payment",
        "payment_table",
        "payment_approval",
        "study_recruit",
        "study_links",
        "short_code_change",
        "study_jobs",
        "study_job",
        "job_cancel",
        "job_file",
        "generation_run",
        "generation_live",
        "generation_start",
        "generation_cancel",
        "generation_retry",
        "generation_settings",
        "generation_files",
        "generation_file",
        "generation_file_delete",
        "generation_decide",
        "generation_upload",
        "generation_review",
        "generation_clip",
        "generation_large",
        "generation_approve",
        "generation_undo",
        "generation_reopen",
        "generation_repaint",
        "generation_leave_out",
        "generation_take_in",
        "generation_audio",
        "generation_image",
        "study_reporting",
        "study_power",
        "study_analysis_rules",
        "study_preregister",
        "study_preregister_filed",
        "study_preregister_file",
        "study_results",
        "study_analyse",
        "study_share",
        "study_share_end",
        "study_gallery",
        "study_gallery_off",
        "study_report",
        "study_figures",
        "study_figure",
        "study_result_file",
        "study_bundle",
        "study_interface",
        "study_interface_take",
        "study_interface_zip",
        "study_interface_picture",
        "study_interface_remove",
    ),
    TOKEN: (
        "api_study",
        "api_monitor",
        "api_participants",
        "api_log",
        "api_clips",
        "api_ballots",
        "api_long",
        "api_answers",
        "api_results",
    ),
    PARTICIPANT: (
        "survey_resume",
        "survey_consent",
        "survey_questions",
        "survey_sound",
        "survey_instructions",
        "survey_trial",
        "survey_audio",
        "survey_image",
        "survey_review",
        "survey_thanks",
        "survey_screened_out",
        "survey_events",
        "survey_language",
        "survey_problem",
        "survey_withdraw_own",
    ),
}
# What each URL of AUDIENCE[STUDY] needs: to open it, and to send a form to it. None: nothing is sent there. A verb in
# VERBS may have a row of its own.
SEE, RUN, LOOK, EDIT, RESULTS, DATA, OWN = Right
NEEDS: dict[str, tuple[Right, Right | None]] = {
    "study_overview": (SEE, None),
    "study_describe": (LOOK, EDIT),
    "study_members": (SEE, OWN),
    "member_remove": (OWN, OWN),
    "member_role": (OWN, OWN),
    "invitation_change": (OWN, OWN),
    "ownership_offer": (OWN, OWN),
    "ownership_answer": (SEE, SEE),
    "study_log": (SEE, None),
    "study_mails": (SEE, SEE),
    "study_scripts": (SEE, SEE),
    "api_token_end": (OWN, OWN),  # somebody else's; one's own needs nothing more
    "study_copy": (EDIT, EDIT),
    "study_template": (LOOK, None),
    "study_archive": (EDIT, EDIT),
    "study_delete": (OWN, OWN),
    "study_deleted": (LOOK, EDIT),
    "study_clips": (LOOK, EDIT),
    "clips_change": (EDIT, EDIT),
    "clip_edit": (LOOK, EDIT),
    "clip_audio": (LOOK, None),
    "clip_tags": (EDIT, EDIT),
    "clip_change": (EDIT, EDIT),
    "study_tags": (LOOK, EDIT),
    "tags_preview": (EDIT, EDIT),
    "tags_template": (LOOK, None),
    "study_plan": (LOOK, EDIT),
    "study_questions": (LOOK, EDIT),
    "questions_change": (EDIT, EDIT),
    "questions_preview": (LOOK, None),
    "questions_yaml": (LOOK, EDIT),
    "questions_file": (LOOK, None),
    "question_add": (EDIT, EDIT),
    "question_edit": (EDIT, EDIT),
    "study_instrument": (LOOK, EDIT),
    "instrument_change": (EDIT, EDIT),
    "instrument_yaml": (LOOK, EDIT),
    "instrument_file": (LOOK, None),
    "instrument_add": (EDIT, EDIT),
    "instrument_edit": (EDIT, EDIT),
    "study_rehearse": (LOOK, EDIT),
    "rehearsal_remove": (EDIT, EDIT),
    "study_publish": (LOOK, EDIT),
    "publication_choices": (EDIT, EDIT),
    "deposit_work": (DATA, DATA),
    "deposit_badge": (DATA, None),
    "study_preview": (LOOK, None),
    "study_preview_start": (EDIT, EDIT),
    "study_open": (SEE, None),
    "study_schedule": (LOOK, EDIT),
    "schedule_cancel": (EDIT, EDIT),
    "study_blinding": (LOOK, None),
    "study_blinding_check": (EDIT, EDIT),
    "study_move begin": (EDIT, EDIT),
    "study_move pause": (RUN, RUN),
    "study_move resume": (RUN, RUN),
    "study_move close": (OWN, OWN),
    "study_monitor": (SEE, None),
    "study_stages": (SEE, EDIT),
    "study_versions": (SEE, EDIT),
    "study_participants": (SEE, None),
    "participant_exclude": (RUN, RUN),
    "participant_replay": (DATA, None),
    "problem_resolve": (RUN, RUN),
    "study_payment": (RUN, RUN),
    "payment_table": (RUN, None),
    "payment_approval": (RUN, None),
    "study_recruit": (SEE, None),
    "study_links": (SEE, RUN),
    "short_code_change": (RUN, RUN),
    "study_jobs": (LOOK, None),
    "study_job": (DATA, None),  # of a table; a report needs RESULTS, an upload EDIT
    "job_cancel": (EDIT, EDIT),
    "job_file": (DATA, None),
    "generation_tags": (LOOK, None),
    "generation_unknown_tags": (LOOK, EDIT),
    "generation_run": (LOOK, None),
    "generation_live": (LOOK, None),
    "generation_start": (EDIT, EDIT),
    "generation_cancel": (EDIT, EDIT),
    "generation_retry": (EDIT, EDIT),
    "generation_settings": (LOOK, EDIT),
    "generation_files": (LOOK, EDIT),
    "generation_file": (LOOK, None),
    "generation_file_delete": (EDIT, EDIT),
    "generation_decide": (LOOK, EDIT),
    "generation_upload": (LOOK, EDIT),
    "generation_review": (LOOK, None),
    "generation_clip": (LOOK, None),
    "generation_large": (LOOK, None),
    "generation_approve": (EDIT, EDIT),
    "generation_undo": (EDIT, EDIT),
    "generation_reopen": (EDIT, EDIT),
    "generation_repaint": (EDIT, EDIT),
    "generation_leave_out": (EDIT, EDIT),
    "generation_take_in": (EDIT, EDIT),
    "generation_audio": (LOOK, None),
    "generation_image": (LOOK, None),
    "study_reporting": (LOOK, EDIT),
    "study_power": (LOOK, EDIT),
    "study_analysis_rules": (LOOK, EDIT),
    "study_preregister": (LOOK, EDIT),
    "study_preregister_filed": (EDIT, EDIT),
    "study_preregister_file": (LOOK, None),
    "study_results": (RESULTS, None),
    "study_analyse": (EDIT, EDIT),
    "study_share": (RESULTS, OWN),
    "study_share_end": (OWN, OWN),
    "study_gallery": (RESULTS, OWN),
    "study_gallery_off": (OWN, OWN),
    "study_report": (RESULTS, None),
    "study_figures": (RESULTS, None),
    "study_figure": (RESULTS, None),
    "study_result_file": (DATA, None),  # the ballots; the report's files need RESULTS
    "study_bundle": (DATA, None),
    "study_interface": (LOOK, EDIT),
    "study_interface_take": (EDIT, EDIT),
    "study_interface_zip": (LOOK, None),
    "study_interface_picture": (LOOK, None),
    "study_interface_remove": (EDIT, EDIT),
}
# What each URL of AUDIENCE[TOKEN] needs, and the page that shows the same with the same right.
API: dict[str, tuple[Right, str]] = {
    "api_study": (SEE, "study_overview"),
    "api_monitor": (SEE, "study_monitor"),
    "api_participants": (SEE, "study_participants"),
    "api_log": (SEE, "study_log"),
    "api_clips": (LOOK, "study_clips"),
    "api_ballots": (DATA, "study_result_file"),
    "api_long": (DATA, "study_result_file"),
    "api_answers": (DATA, "study_result_file"),
    "api_results": (RESULTS, "study_results"),
}
# Each verb of these URLs is requested.
VERBS = {
    "clip_change": ("leave-out", "include", "practice", "delete"),
    "deposit_work": ("findings", "deposit", "reproduction"),
    "participant_exclude": ("leave-out", "take-in"),
    "short_code_change": ("make", "withdraw"),
    "study_move": ("begin", "pause", "resume", "close"),
}
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


def url_names(patterns: list[Any] | None = None) -> Iterator[str]:
    """Yield the name of each URL of the project."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from url_names(pattern.url_patterns)
        else:
            assert isinstance(pattern, URLPattern)
            yield pattern.name or str(pattern.pattern)


def browser(user: Any = None, **options: Any) -> Client:
    """Return a test client, signed in as the user if one is given."""
    client = Client(**options)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses_of(study: Study, *, slug: str = "") -> list[str]:
    """Return each URL of AUDIENCE[STUDY] for this study's clips, images and people, or for these under another slug."""
    return [address for _row, address in named_addresses_of(study, slug=slug)]


def named_addresses_of(study: Study, *, slug: str = "") -> list[tuple[str, str]]:
    """Return the same, each with the name of its row in NEEDS."""
    clip = study.clips.order_by("number").first()
    assert clip is not None
    report, file, job = study.problem_reports.first(), study.files.first(), study.jobs.first()
    made = job.files.first() if job else None
    share = SharedReport.objects.filter(analysis__study=study).first()
    picture = study.interface_pictures.first()
    invited, token = study.invitations.first(), study.api_tokens.first()
    somebody = study.members.order_by("pk").values_list("pk", flat=True).first() or 1
    question = next(iter(questions_of(study, "before")), None)
    extra = {
        "member_remove": {"user_id": somebody},
        "member_role": {"user_id": somebody},
        "invitation_change": {"invitation_id": invited.pk if invited else 1},
        "api_token_end": {"token_id": token.pk if token else 1},
        "questions_change": {"part": "before"},
        "questions_preview": {"part": "before"},
        "questions_yaml": {"part": "before"},
        "questions_file": {"part": "before"},
        "question_add": {"part": "before", "kind": "choice"},
        "question_edit": {"part": "before", "key": question.key if question else "age"},
        "instrument_add": {"kind": "rate"},
        "instrument_edit": {"key": instrument_of(study).questions[0].key},
        "clip_audio": {"clip_id": clip.pk},
        "clip_edit": {"clip_id": clip.pk},
        "clip_tags": {"clip_id": clip.pk},
        "participant_exclude": {"code": "r0001"},
        "participant_replay": {"code": "r0001"},
        "rehearsal_remove": {"copy_id": study.rehearsals.first().pk if study.rehearsals.exists() else 1},
        "payment_table": {"state": "finished"},
        "payment_approval": {"state": "finished"},
        "problem_resolve": {"report_id": report.pk if report else 1},
        "study_job": {"job_id": job.pk if job else 1},
        "job_cancel": {"job_id": job.pk if job else 1},
        "job_file": {"job_id": job.pk if job else 1, "file_id": made.pk if made else 1},
        "study_share_end": {"share_id": share.pk if share else 1},
        "study_preregister_file": {"form": "osf", "ending": "md"},
        "study_figure": {"language": "en", "name": "points.svg"},
        "study_interface_picture": {"picture_id": picture.pk if picture else 1},
        "study_interface_remove": {"picture_id": picture.pk if picture else 1},
        "study_result_file": {"name": "ballots.csv"},
        "generation_file": {"pk": file.pk if file else 1},
        "generation_file_delete": {"pk": file.pk if file else 1},
        "generation_image": {"number": clip.number, "key": image_key(clip.stimuli.first()), "size": "preview"},
        "generation_large": {"number": clip.number, "place": 1},
    } | {
        f"generation_{name}": {"number": clip.number}
        for name in ("clip", "reopen", "repaint", "leave_out", "take_in", "audio")
    }
    addresses = []
    for name in AUDIENCE[STUDY]:
        for verb in VERBS.get(name, (None,)):
            arguments = {"slug": slug or study.slug} | extra.get(name, {}) | ({"verb": verb} if verb else {})
            if name == "clip_change":
                arguments["clip_id"] = clip.pk
            row = f"{name} {verb}" if f"{name} {verb}" in NEEDS else name
            addresses.append((row, reverse(name, kwargs=arguments)))
    return addresses


def body(response: Any) -> bytes:
    """Return the content of a response, also of a streamed file."""
    return response.getvalue() if hasattr(response, "getvalue") else response.content


def participant_addresses(visit: Visit) -> list[str]:
    """Return each URL of AUDIENCE[PARTICIPANT] for this participant and their first trial."""
    person = visit.participant
    trial = person.trials.order_by("number").first()
    assert trial is not None
    extra = {
        "survey_questions": [["before"], ["after"]],
        "survey_trial": [[trial.number], [99]],
        "survey_audio": [[trial.media_key]],
        "survey_image": [[trial.media_key, letter] for letter in "ABCD"],
    }
    return [
        reverse(name, args=[person.handle, *arguments])
        for name in AUDIENCE[PARTICIPANT]
        for arguments in extra.get(name, [[]])
    ]
