"""When an audit started: its page says how long it will take."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0007_reason_of_unchanged_clips")]

    operations = [
        migrations.AddField(
            model_name="blindingaudit", name="started_at", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
