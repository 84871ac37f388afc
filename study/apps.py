from django.apps import AppConfig


class StudyConfig(AppConfig):
    """The experiment itself: studies, assignment, the participants' survey, sealing, monitoring."""

    name = "study"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Study"

    def ready(self) -> None:
        from study import jobs
        from study.jobs import files, imports
        from study.setup import (
            api_tokens,
            instrument_checks,  # noqa: F401  (registers findings)
        )
        from study.web import url_converters  # noqa: F401  (registers the parts of addresses, `<number:…>`)

        jobs.expect("import-clips", "study.setup.clip_upload_job")
        # Before the account's log: of two chains, a study's is locked first.
        api_tokens.connect()
        files.connect()  # a job's stored file goes with its row
        imports.connect()  # and that of an import
