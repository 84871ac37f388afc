"""Decisions of the review; those to paint again that the log holds become rows, so that a report counts them."""

import secrets

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def take_repaints_from_the_log(apps, schema_editor):
    """Make a row of each entry "repainted"; old entries name the clip by its number.

    One that gave no images, since its run was cancelled or failed, used a seed that a later one used again, or that is
    after the seed of the clip's images.
    """
    LogEntry = apps.get_model("study", "LogEntry")
    Clip = apps.get_model("study", "Clip")
    ReviewDecision = apps.get_model("generation", "ReviewDecision")
    ClipStep = apps.get_model("generation", "ClipStep")
    rows = {}
    for entry in LogEntry.objects.filter(action="repainted", study__isnull=False, erased=False).order_by("pk").iterator():
        named = entry.data.get("clip")
        key = {"number": named} if isinstance(named, int) else {"name": str(named)}
        clip = Clip.objects.filter(study_id=entry.study_id, **key).first()
        if clip is not None:
            seed = entry.data.get("seed_number")
            step = ClipStep.objects.filter(clip=clip, kind="paint").first()
            if isinstance(seed, int) and step and seed > (step.result or {}).get("seed_number", seed):
                continue
            key = (clip.pk, entry.pk if seed is None else f"seed {seed}")
            rows.pop(key, None)
            rows[key] = ReviewDecision(
                clip=clip,
                kind="repainted",
                reason="other",
                note=entry.reason[:200],
                batch=secrets.token_hex(16),
                actor_id=entry.actor_id,
                at=entry.at or django.utils.timezone.now(),
            )
    ReviewDecision.objects.bulk_create(rows.values(), batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ("generation", "0005_waits_alone"),
        ("study", "0020_numbers_of_answers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("approved", "approved"),
                            ("reopened", "back to undecided"),
                            ("repainted", "sent to be painted again"),
                            ("left out", "left out"),
                        ],
                        max_length=10,
                    ),
                ),
                ("version", models.CharField(blank=True, max_length=32)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wrong_subject", "wrong subject"),
                            ("text_in_image", "text in the image"),
                            ("artefact", "artefact"),
                            ("unsafe", "unsafe content"),
                            ("other", "another reason"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("named", models.JSONField(blank=True, default=list)),
                ("step_before", models.JSONField(blank=True, default=dict)),
                ("batch", models.CharField(max_length=32)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone", models.BooleanField(default=False)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="review_decisions", to="study.clip"
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.RunPython(take_repaints_from_the_log, migrations.RunPython.noop),
    ]
