"""A short code in place of the open link, to be typed by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0022_who_answers_to_participants")]

    operations = [
        migrations.AddField(
            "study",
            "short_code",
            models.CharField(blank=True, editable=False, max_length=6, null=True, unique=True),
        ),
    ]
