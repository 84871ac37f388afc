from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0023_short_code")]

    operations = [
        migrations.AddField("study", "screen_out_text", models.JSONField(blank=True, default=dict)),
    ]
