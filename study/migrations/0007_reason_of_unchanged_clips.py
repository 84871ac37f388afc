"""The reason of clips that redefinition does not change got other words; clips left out before keep being found by it."""

from django.db import migrations

BEFORE = "Redefinition changes nothing: both tag sets give the same prompts."
AFTER = "Redefinition changes nothing: both prompts have the same tags."


def rename(old, new):
    def change(apps, schema_editor):
        apps.get_model("study", "Clip").objects.filter(exclusion_reason=old).update(exclusion_reason=new)

    return change


class Migration(migrations.Migration):
    dependencies = [("study", "0006_plainer_names_of_settings")]

    operations = [migrations.RunPython(rename(BEFORE, AFTER), rename(AFTER, BEFORE))]
