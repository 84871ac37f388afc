from django.apps import AppConfig


class EarsightConfig(AppConfig):
    """The composition root: the commands and pages that need study, generation and analysis together."""

    name = "config"
    label = "earsight"
    verbose_name = "Earsight"
