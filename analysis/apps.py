from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    """From ballots to a report."""

    name = "analysis"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Analysis"

    def ready(self) -> None:
        from analysis.console import navigation  # noqa: F401  (registers the pages)
        from analysis.interface_pictures import stored
        from analysis.study_results import preflight  # noqa: F401  (registers a finding)
        from study import jobs

        for kind in ("report", "table"):
            jobs.expect(kind, "analysis.study_results.prepared")
        jobs.expect("shared_report", "analysis.study_results.shared_reports")
        jobs.expect("interface", "analysis.interface_pictures.job")
        stored.connect()  # a picture's file goes with its row
