"""By what an analysis knows, without reading the ballot table, that it has changed since."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analysis", "0004_lost_analyses_are_found")]

    operations = [
        migrations.AddField("analysis", "table_state", models.CharField(blank=True, default="", max_length=64)),
        migrations.AlterField("analysis", "table_state", models.CharField(blank=True, max_length=64)),
    ]
