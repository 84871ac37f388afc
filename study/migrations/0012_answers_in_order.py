"""Browsers count their own answers, answers that arrive late are kept, and studies record how their orders are drawn."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def use_newest_orders(apps, schema_editor):
    """Studies that nobody has entered yet have no orders to keep."""
    apps.get_model("study", "Study").objects.filter(participants__isnull=True).update(orders_version=2)


class Migration(migrations.Migration):
    dependencies = [("study", "0011_platform_person")]

    operations = [
        migrations.AddField(
            model_name="ballot",
            name="browser",
            field=models.CharField(blank=True, default="", max_length=36),
            preserve_default=False,
        ),
        migrations.AddField("ballot", "browser_count", models.PositiveBigIntegerField(null=True)),
        migrations.AddField(
            model_name="ballotrevision",
            name="browser",
            field=models.CharField(blank=True, default="", max_length=36),
            preserve_default=False,
        ),
        migrations.AddField("ballotrevision", "browser_count", models.PositiveBigIntegerField(null=True)),
        migrations.AlterField(
            model_name="ballot",
            name="received_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AlterField(
            model_name="ballotrevision",
            name="replaced_at",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.CreateModel(
            name="LateAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.JSONField()),
                ("submission_key", models.UUIDField()),
                ("answered_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "trial",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="late_answers", to="study.trial"
                    ),
                ),
            ],
            options={
                "ordering": ("received_at", "pk"),
                "constraints": [models.UniqueConstraint(fields=("trial", "submission_key"), name="late_answer_once")],
            },
        ),
        # Studies that exist keep the orders that their participants were given.
        migrations.AddField(
            model_name="study",
            name="orders_version",
            field=models.PositiveSmallIntegerField(default=1, editable=False, verbose_name="version of the orders"),
        ),
        migrations.AlterField(
            model_name="study",
            name="orders_version",
            field=models.PositiveSmallIntegerField(default=2, editable=False, verbose_name="version of the orders"),
        ),
        migrations.RunPython(use_newest_orders, migrations.RunPython.noop),
    ]
