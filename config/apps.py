from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class EarsightConfig(AppConfig):
    """Commands and pages that need study, generation and analysis together."""

    name = "config"
    label = "earsight"
    verbose_name = "Earsight"

    def ready(self) -> None:
        from config.accounts import sessions

        user_logged_in.connect(sessions.begin, dispatch_uid="earsight.sign-in-began")
