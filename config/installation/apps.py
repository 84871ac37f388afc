from django.apps import AppConfig


class InstallationConfig(AppConfig):
    """The commands of `config` without the models of the other apps."""

    name = "config"
    label = "installation"
