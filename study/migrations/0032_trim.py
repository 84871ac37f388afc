from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('study', '0031_brought_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='clip',
            name='file_outline',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='clip',
            name='trim_end',
            field=models.PositiveIntegerField(blank=True, help_text='milliseconds', null=True),
        ),
        migrations.AddField(
            model_name='clip',
            name='trim_start',
            field=models.PositiveIntegerField(blank=True, help_text='milliseconds', null=True),
        ),
        migrations.AddConstraint(
            model_name='clip',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('trim_end', None), ('trim_start', None)), models.Q(('trim_end__isnull', False), ('trim_start__isnull', False), ('trim_start__lt', models.F('trim_end'))), _connector='OR'), name='clip_trim_has_both_ends'),
        ),
    ]
