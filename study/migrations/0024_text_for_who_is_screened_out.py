from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0020_numbers_of_answers")]

    operations = [
        migrations.AddField("study", "screen_out_text", models.JSONField(blank=True, default=dict)),
    ]
