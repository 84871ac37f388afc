from django.apps import AppConfig


class StudyConfig(AppConfig):
    """The experiment itself: studies, assignment, the participants' survey, sealing, monitoring."""

    name = "study"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Study"

    def ready(self) -> None:
        # Imported because they register the parts of addresses, `<number:…>`, and a kind of job.
        from study.jobs import files
        from study.setup import clip_upload_job  # noqa: F401
        from study.web import url_converters  # noqa: F401

        files.connect()  # a job's stored file goes with its row
