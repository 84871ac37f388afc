"""URLs of the pages about results, reporting, power and early stop, and of shared reports."""

from django.urls import path

from analysis import api
from analysis.console import comparison_page, form_pages, planning_pages, result_pages, shared_report, sharing_page

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
    # results
    path(_STUDY + "results/", result_pages.study_results, name="study_results"),
    path(_STUDY + "results/analyse/", result_pages.study_analyse, name="study_analyse"),
    path(_STUDY + "results/share/", sharing_page.study_share, name="study_share"),
    path(_STUDY + "results/share/<number:share_id>/end/", sharing_page.study_share_end, name="study_share_end"),
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
