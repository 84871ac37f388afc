"""An analysis knows after how many withdrawals its ballots were read; those made before count from none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analysis", "0002_people_at_each_stage")]

    operations = [migrations.AddField("analysis", "erasures", models.PositiveIntegerField(default=0))]
