"""The researcher's addresses, grouped by object."""

from django.urls import path, re_path

from study.console import (
    clip_edit,
    clips,
    glossary,
    jobs,
    links,
    log,
    media,
    monitor,
    opening,
    overview,
    participants,
    payment,
    people,
    plan,
    question_builder,
    questions,
    schedule,
    studies,
    tags,
)

_STUDY = "studies/<slug:slug>/"
_PART = r"^studies/(?P<slug>[-\w]+)/plan/questions/(?P<part>before|after)/"

urlpatterns = [
    path("glossary/", glossary.glossary, name="glossary"),
    # studies
    path("", studies.study_list, name="study_list"),
    path("new/", studies.study_create, name="study_create"),
    path(_STUDY, overview.study_overview, name="study_overview"),
    path(_STUDY + "describe/", studies.study_describe, name="study_describe"),
    path(_STUDY + "people/", people.study_members, name="study_members"),
    path(_STUDY + "people/offer/", people.ownership_offer, name="ownership_offer"),
    path(_STUDY + "people/answer/", people.ownership_answer, name="ownership_answer"),
    path(_STUDY + "people/invitations/<number:invitation_id>/", people.invitation_change, name="invitation_change"),
    path(_STUDY + "people/<number:user_id>/role/", people.member_role, name="member_role"),
    path(_STUDY + "people/<number:user_id>/remove/", people.member_remove, name="member_remove"),
    path(_STUDY + "log/", log.study_log, name="study_log"),
    path(_STUDY + "copy/", studies.study_copy, name="study_copy"),
    path(_STUDY + "archive/", studies.study_archive, name="study_archive"),
    path(_STUDY + "delete/", studies.study_delete, name="study_delete"),
    # clips and their tags
    path(_STUDY + "clips/", clips.study_clips, name="study_clips"),
    path(_STUDY + "clips/change/", clip_edit.clips_change, name="clips_change"),
    path(_STUDY + "clips/<number:clip_id>/edit/", clip_edit.clip_edit, name="clip_edit"),
    path(_STUDY + "clips/<number:clip_id>/audio", media.clip_audio, name="clip_audio"),
    path(_STUDY + "clips/<number:clip_id>/tags/", tags.clip_tags, name="clip_tags"),
    re_path(
        r"^studies/(?P<slug>[-\w]+)/clips/(?P<clip_id>[0-9]{1,18})/(?P<verb>leave-out|include|practice|delete)/$",
        clips.clip_change,
        name="clip_change",
    ),
    path(_STUDY + "tags/", tags.study_tags, name="study_tags"),
    path(_STUDY + "tags/preview/", tags.tags_preview, name="tags_preview"),
    path(_STUDY + "tags/template.csv", tags.tags_template, name="tags_template"),
    # the plan, opening, running
    path(_STUDY + "plan/", plan.study_plan, name="study_plan"),
    path(_STUDY + "plan/questions/", questions.study_questions, name="study_questions"),
    re_path(_PART + "change/$", questions.questions_change, name="questions_change"),
    re_path(_PART + "preview/$", questions.questions_preview, name="questions_preview"),
    re_path(_PART + "yaml/$", questions.questions_yaml, name="questions_yaml"),
    re_path(_PART + r"questions\.yaml$", questions.questions_file, name="questions_file"),
    re_path(_PART + "add/(?P<kind>[a-z_]{1,20})/$", question_builder.question_add, name="question_add"),
    re_path(_PART + "edit/(?P<key>[a-z0-9_]{1,40})/$", question_builder.question_edit, name="question_edit"),
    path(_STUDY + "preview/", opening.study_preview, name="study_preview"),
    path(_STUDY + "preview/start/", opening.study_preview_start, name="study_preview_start"),
    path(_STUDY + "open/", opening.study_open, name="study_open"),
    path(_STUDY + "open/schedule/", schedule.study_schedule, name="study_schedule"),
    path(_STUDY + "open/schedule/cancel/", schedule.schedule_cancel, name="schedule_cancel"),
    path(_STUDY + "open/blinding/", opening.study_blinding, name="study_blinding"),
    path(_STUDY + "open/blinding/check/", opening.study_blinding_check, name="study_blinding_check"),
    re_path(
        r"^studies/(?P<slug>[-\w]+)/open/(?P<verb>begin|pause|resume|close)/$",
        opening.study_move,
        name="study_move",
    ),
    path(_STUDY + "monitor/", monitor.study_monitor, name="study_monitor"),
    path(_STUDY + "monitor/problems/<number:report_id>/", monitor.problem_resolve, name="problem_resolve"),
    path(_STUDY + "participants/", participants.study_participants, name="study_participants"),
    re_path(
        r"^studies/(?P<slug>[-\w]+)/participants/(?P<code>[a-z][0-9]{1,9})/(?P<verb>leave-out|take-in)/$",
        participants.participant_exclude,
        name="participant_exclude",
    ),
    path(_STUDY + "payment/", payment.study_payment, name="study_payment"),
    path(_STUDY + "payment/<slug:state>.csv", payment.payment_table, name="payment_table"),
    # work for a worker, and the files it makes
    path(_STUDY + "jobs/", jobs.study_jobs, name="study_jobs"),
    path(_STUDY + "jobs/<number:job_id>/", jobs.study_job, name="study_job"),
    path(_STUDY + "jobs/<number:job_id>/cancel/", jobs.job_cancel, name="job_cancel"),
    path(_STUDY + "jobs/<number:job_id>/files/<number:file_id>", jobs.job_file, name="job_file"),
    path(_STUDY + "links/", links.study_links, name="study_links"),
    re_path(
        r"^studies/(?P<slug>[-\w]+)/links/code/(?P<verb>make|withdraw)/$",
        links.short_code_change,
        name="short_code_change",
    ),
]
