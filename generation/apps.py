from django.apps import AppConfig


class GenerationConfig(AppConfig):
    """From a clip to its stimuli: audio, voice, tags, their redefinition, sentences, images."""

    name = "generation"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Generation"

    def ready(self) -> None:
        from generation.runs import copying  # noqa: F401  (they register what the app adds to a study)
