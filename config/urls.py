"""All URLs: the console under /console/, the participants' survey at the root."""

from django.urls import include, path

from analysis.urls import api_urlpatterns, gallery_urlpatterns, shared_urlpatterns
from config.accounts.forgotten import forgotten_password
from config.accounts.invitations import invitation
from config.accounts.own_work import account_delete
from config.accounts.pages import SetPasswordView, SignOutView, account
from config.accounts.second_factor.pages import second_factor
from config.accounts.second_factor.sign_in import sign_in_code
from config.accounts.sign_in import SignInView
from config.bundles.taking_in.pages import study_import
from config.deposits.console.pages import deposit_badge, deposit_work, publication_choices, study_publish
from config.rehearsals.pages import rehearsal_remove, study_rehearse
from config.views import home, study_bundle
from study.api.urls import nowhere_urlpatterns

handler400 = "config.requests.edge.bad_request"
handler403 = "config.requests.edge.permission_denied"
handler404 = "config.requests.edge.page_not_found"
handler500 = "config.service_faults.responses.server_error"

urlpatterns = [
    path("console/sign-in/", SignInView.as_view(), name="sign_in"),
    path("console/sign-in/code/", sign_in_code, name="sign_in_code"),
    path("console/sign-out/", SignOutView.as_view(), name="sign_out"),
    path("console/account/", account, name="account"),
    path("console/account/second-factor/", second_factor, name="second_factor"),
    path("console/account/delete/", account_delete, name="account_delete"),
    path("console/forgotten-password/", forgotten_password, name="forgotten_password"),
    path("console/invitation/<str:token>/", invitation, name="invitation"),
    path("console/set-password/<str:uidb64>/<str:token>/", SetPasswordView.as_view(), name="set_password"),
    path("console/bring-in/", study_import, name="study_import"),
    path("console/studies/<slug:slug>/results/bundle.zip", study_bundle, name="study_bundle"),
    path("console/studies/<slug:slug>/publish/", study_publish, name="study_publish"),
    path("console/studies/<slug:slug>/publish/choices/", publication_choices, name="publication_choices"),
    path("console/studies/<slug:slug>/publish/badge/", deposit_badge, name="deposit_badge"),
    path("console/studies/<slug:slug>/publish/ask/<slug:verb>/", deposit_work, name="deposit_work"),
    path("console/studies/<slug:slug>/rehearse/", study_rehearse, name="study_rehearse"),
    path("console/studies/<slug:slug>/rehearse/<number:copy_id>/remove/", rehearsal_remove, name="rehearsal_remove"),
    path("console/", include("study.console.urls")),
    path("console/", include("generation.urls")),
    path("console/", include("analysis.urls")),
    path("api/", include("study.api.urls")),
    path("api/", include(api_urlpatterns)),
    path("api/", include(nowhere_urlpatterns)),
    path("report/<str:token>/", include(shared_urlpatterns)),
    path("gallery/<slug:slug>/", include(gallery_urlpatterns)),
    path("", home, name="home"),
    path("", include("study.survey.urls")),
]
