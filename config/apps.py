from django.apps import AppConfig


class EarsightConfig(AppConfig):
    """Commands and pages that need study, generation and analysis together."""

    name = "config"
    label = "earsight"
    verbose_name = "Earsight"
