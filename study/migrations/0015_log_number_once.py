"""Each entry has a number of its own in its chain; a migration of its own, as PostgreSQL wants after changing rows."""

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("study", "0014_log_as_a_chain")]

    operations = [
        migrations.AlterField("logentry", "number", models.PositiveIntegerField()),
        migrations.AddConstraint(
            "logentry", models.UniqueConstraint(Coalesce("study", 0), "number", name="log_number_once")
        ),
        migrations.AddIndex("logentry", models.Index(fields=["study", "action"], name="log_by_action")),
    ]
