from django.apps import AppConfig


class EarsightConfig(AppConfig):
    """Commands and pages that need study, generation and analysis together."""

    name = "config"
    label = "earsight"
    verbose_name = "Earsight"

    def ready(self) -> None:
        from config import account_log  # it needs the models

        account_log.connect()
