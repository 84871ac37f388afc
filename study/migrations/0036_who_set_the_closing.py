import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def copy_who_set_it(apps, schema_editor):
    """Until now one person set both times."""
    apps.get_model("study", "Schedule").objects.update(closes_by=F("by"))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("study", "0035_api_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="schedule",
            name="closes_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(copy_who_set_it, migrations.RunPython.noop, elidable=True),
    ]
