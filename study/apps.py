from django.apps import AppConfig


class StudyConfig(AppConfig):
    """The experiment itself: studies, assignment, the participants' survey, sealing, monitoring."""

    name = "study"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Study"
