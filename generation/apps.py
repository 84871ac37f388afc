from django.apps import AppConfig


class GenerationConfig(AppConfig):
    """From a clip to its stimuli: audio, voice, tags, their redefinition, sentences, images."""

    name = "generation"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Generation"

    def ready(self) -> None:
        # Imported because they register what this app adds to a study.
        from generation.console import path_steps, study_templates  # noqa: F401
        from generation.runs import copying, making_facts, making_images, paintings  # noqa: F401
        from study import jobs

        jobs.expect("import-images", "generation.ready_made.upload_job")
