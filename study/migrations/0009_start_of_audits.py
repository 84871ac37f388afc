"""When an audit started: its page says how long it will take."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0008_images_as_shown")]

    operations = [
        migrations.AddField(
            model_name="blindingaudit", name="started_at", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
