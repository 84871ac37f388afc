"""Participants no longer hold ids of platforms; what withdrawal and retention need."""

import django.core.validators
from django.db import migrations, models

import study.coarse_times


def coarsen(apps, schema_editor):
    reports = apps.get_model("study", "ProblemReport")
    for report in reports.objects.all():
        reports.objects.filter(pk=report.pk).update(at=study.coarse_times.to_the_hour(report.at))


class Migration(migrations.Migration):
    dependencies = [("study", "0016_visits_of_platforms")]

    operations = [
        migrations.RemoveConstraint("participant", "platform_person_once"),
        migrations.RemoveField("participant", "platform_person"),
        migrations.RemoveField("participant", "recruitment"),
        migrations.AlterField(
            "participant", "support_digest", models.CharField(blank=True, db_index=True, max_length=64)
        ),
        migrations.AddField("invitelink", "withdrawn", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "problemreport", "reporter", models.CharField(blank=True, db_index=True, max_length=64, default="")
        ),
        migrations.AlterField("problemreport", "reporter", models.CharField(blank=True, db_index=True, max_length=64)),
        migrations.AlterField(
            "problemreport", "at", models.DateTimeField(default=study.coarse_times.this_hour, editable=False)
        ),
        migrations.RunPython(coarsen, migrations.RunPython.noop),
        migrations.AddField(
            "study",
            "keep_ids_days",
            models.PositiveIntegerField(
                default=30,
                help_text="after closing",
                validators=[django.core.validators.MaxValueValidator(3650)],
                verbose_name="days until platform ids are erased",
            ),
        ),
        migrations.AddField("study", "erasures", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField(
            "study", "events_erased_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
    ]
