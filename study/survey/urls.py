"""The participants' addresses."""

from django.urls import include, path, register_converter

from study.survey import account, media, trials, views


class LetterConverter:
    """A position's letter."""

    regex = "[A-F]"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LetterConverter, "letter")

# One participant: /q/<handle>/…; the cookie below this path says that it is really them.
participant_urls = [
    path("", views.resume, name="survey_resume"),
    path("consent/", views.consent, name="survey_consent"),
    path("questions/<slug:part>/", views.questions, name="survey_questions"),
    path("sound/", views.sound, name="survey_sound"),
    path("instructions/", views.instructions, name="survey_instructions"),
    path("trial/<int:number>/", trials.trial, name="survey_trial"),
    path("m/<slug:key>/audio", media.sound, name="survey_audio"),
    path("m/<slug:key>/<letter:letter>", media.image, name="survey_image"),
    path("review/", views.review, name="survey_review"),
    path("thanks/", views.thanks, name="survey_thanks"),
    path("not-this-time/", views.screened_out, name="survey_screened_out"),
    path("events/", trials.events, name="survey_events"),
    path("language/", account.language, name="survey_language"),
    path("problem/", account.problem, name="survey_problem"),
    path("withdraw/", account.withdraw_own, name="survey_withdraw_own"),
]

urlpatterns = [
    # Ways in: the open link, links made for people, and a person's own link.
    path("s/<str:token>/", views.welcome, name="survey_welcome"),
    path("j/<str:token>/", views.join, name="survey_join"),
    path("p/<str:token>/", views.personal, name="survey_personal"),
    path("language/", account.site_language, name="survey_site_language"),
    path("withdraw/", account.withdraw_by_receipt, name="survey_withdraw"),
    path("q/<slug:handle>/", include(participant_urls)),
]
