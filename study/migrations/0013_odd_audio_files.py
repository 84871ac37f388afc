"""A clip's row holds what was odd in its file, and what is done about it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0012_answers_in_order")]

    operations = [migrations.AddField("clip", "audio_notes", models.JSONField(blank=True, default=list))]
