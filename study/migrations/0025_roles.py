"""Members have a role, and are invited. Those of today become editors, who do what all could; table and rows stay."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("study", "0024_text_for_who_is_screened_out"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    "Membership",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="study.study",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={"db_table": "study_study_members", "unique_together": {("study", "user")}},
                ),
                migrations.AlterField(
                    "study",
                    "members",
                    models.ManyToManyField(
                        blank=True,
                        related_name="studies",
                        through="study.Membership",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "membership",
            "role",
            models.CharField(
                choices=[("editor", "editor"), ("runner", "runner"), ("reader", "reader")],
                default="editor",
                max_length=10,
            ),
        ),
        migrations.AddField("membership", "offered_ownership", models.BooleanField(default=False)),
        migrations.CreateModel(
            "Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[("editor", "editor"), ("runner", "runner"), ("reader", "reader")], max_length=10
                    ),
                ),
                ("address", models.EmailField(max_length=254, verbose_name="mail address")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("ends_at", models.DateTimeField()),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="study.study"
                    ),
                ),
            ],
            options={
                "ordering": ("ends_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("study", "address"), name="one_invitation_for_each_address")
                ],
            },
        ),
    ]
