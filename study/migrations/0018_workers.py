
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('study', '0017_withdrawal_and_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('worker', 'Worker'), ('beat', 'Beat')], default='worker', max_length=6)),
                ('host', models.CharField(max_length=100)),
                ('pid', models.PositiveIntegerField()),
                ('queues', models.CharField(blank=True, max_length=300)),
                ('version', models.CharField(blank=True, max_length=40)),
                ('code', models.CharField(blank=True, max_length=16)),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('host', 'pid'),
                'constraints': [models.UniqueConstraint(fields=('kind', 'host', 'pid'), name='worker_once')],
            },
        ),
    ]
