"""URLs of the pages about results, reporting, power and early stop, of shared reports and of galleries."""

from django.urls import path

from analysis import api
from analysis.console import (
    comparison_page,
    form_pages,
    gallery,
    gallery_page,
    interface_page,
    planning_pages,
    registration_page,
    result_pages,
    shared_report,
    sharing_page,
)

_STUDY = "studies/<slug:slug>/"

urlpatterns = [
    # answers that another tool collected
    path("form-answers/", form_pages.form_answers, name="form_answers"),
    # several studies
    path("compare/", comparison_page.compare_studies, name="compare_studies"),
    # planning
    path(_STUDY + "reporting/", planning_pages.study_reporting, name="study_reporting"),
    path(_STUDY + "power/", planning_pages.study_power, name="study_power"),
    path(_STUDY + "analysis-rules/", planning_pages.study_analysis_rules, name="study_analysis_rules"),
    # pictures of the participants' pages
    path(_STUDY + "interface/", interface_page.study_interface, name="study_interface"),
    path(_STUDY + "interface/take/", interface_page.study_interface_take, name="study_interface_take"),
    path(_STUDY + "interface/all.zip", interface_page.study_interface_zip, name="study_interface_zip"),
    path(
        _STUDY + "interface/<number:picture_id>.png",
        interface_page.study_interface_picture,
        name="study_interface_picture",
    ),
    path(
        _STUDY + "interface/<number:picture_id>/remove/",
        interface_page.study_interface_remove,
        name="study_interface_remove",
    ),
    path(_STUDY + "preregister/", registration_page.study_preregister, name="study_preregister"),
    path(_STUDY + "preregister/filed/", registration_page.study_preregister_filed, name="study_preregister_filed"),
    path(
        _STUDY + "preregister/<str:form>.<str:ending>",
        registration_page.study_preregister_file,
        name="study_preregister_file",
    ),
    # results
    path(_STUDY + "results/", result_pages.study_results, name="study_results"),
    path(_STUDY + "results/analyse/", result_pages.study_analyse, name="study_analyse"),
    path(_STUDY + "results/share/", sharing_page.study_share, name="study_share"),
    path(_STUDY + "results/share/<number:share_id>/end/", sharing_page.study_share_end, name="study_share_end"),
    path(_STUDY + "results/gallery/", gallery_page.study_gallery, name="study_gallery"),
    path(_STUDY + "results/gallery/off/", gallery_page.study_gallery_off, name="study_gallery_off"),
    path(_STUDY + "results/report.html", result_pages.study_report_page, name="study_report"),
    path(_STUDY + "results/figures/", result_pages.study_figures, name="study_figures"),
    path(_STUDY + "results/figures/<str:language>/<str:name>", result_pages.study_figure, name="study_figure"),
    path(_STUDY + "results/<str:name>", result_pages.study_result_file, name="study_result_file"),
]

# What scripts read of the answers; `study.api.urls` has the rest.
api_urlpatterns = [
    path(_STUDY + "ballots", api.api_ballots, name="api_ballots"),
    path(_STUDY + "answers/long", api.api_long, name="api_long"),
    path(_STUDY + "answers", api.api_answers, name="api_answers"),
    path(_STUDY + "results", api.api_results, name="api_results"),
]

# The pages of a shared report, outside the console.
shared_urlpatterns = [
    path("", shared_report.shared_report, name="shared_report"),
    path("figures/<str:language>/<str:name>", shared_report.shared_figure, name="shared_figure"),
    path("<str:name>", shared_report.shared_report_file, name="shared_report_file"),
]

# The public page of a study's images, outside the console.
gallery_urlpatterns = [
    path("", gallery.gallery, name="gallery"),
    path("<number:number>/sound.mp3", gallery.gallery_sound, name="gallery_sound"),
    path("<number:number>/<slug:condition>.webp", gallery.gallery_image, name="gallery_image"),
]
