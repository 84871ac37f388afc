"""Find the study that a command names."""

from django.core.management import CommandError

from study.models import Study


def study_with_slug(slug: str) -> Study:
    """Return the study. Raises CommandError (status 2) with the names of the first ten studies if there is none."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        known = ", ".join(Study.objects.values_list("slug", flat=True)[:10]) or "none"
        raise CommandError(f"There is no study '{slug}'. Studies here: {known}.", returncode=2)
    return study
