"""The addresses of the participants' pages."""

from django.urls import include, path

from study.survey import entry, media, side_pages, trials, views

# Pages of one participant: /q/<handle>/…; a cookie for this path identifies the participant.
participant_urls = [
    path("", views.resume, name="survey_resume"),
    path("consent/", views.consent, name="survey_consent"),
    path("questions/<slug:part>/", views.questions, name="survey_questions"),
    path("sound/", views.sound, name="survey_sound"),
    path("instructions/", views.instructions, name="survey_instructions"),
    path("trial/<number:number>/", trials.trial, name="survey_trial"),
    path("m/<slug:key>/audio", media.sound, name="survey_audio"),
    path("m/<slug:key>/<letter:letter>", media.image, name="survey_image"),
    path("review/", views.review, name="survey_review"),
    path("thanks/", views.thanks, name="survey_thanks"),
    path("not-this-time/", views.screened_out, name="survey_screened_out"),
    path("events/", trials.events, name="survey_events"),
    path("language/", side_pages.language, name="survey_language"),
    path("problem/", side_pages.problem, name="survey_problem"),
    path("withdraw/", side_pages.withdraw_own, name="survey_withdraw_own"),
]

urlpatterns = [
    # Entering a study: the open link, invite links, and a participant's own link.
    path("s/<str:token>/", entry.welcome, name="survey_welcome"),
    path("j/<str:token>/", entry.join, name="survey_join"),
    path("p/<str:token>/", entry.personal, name="survey_personal"),
    path("go/", side_pages.enter_code, name="survey_code"),
    path("language/", side_pages.site_language, name="survey_site_language"),
    path("withdraw/", side_pages.withdraw_by_receipt, name="survey_withdraw"),
    path("q/<slug:handle>/", include(participant_urls)),
]
