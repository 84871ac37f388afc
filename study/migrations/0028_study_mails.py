"""Mails to those who run a study: choices, what was found, and what was sent."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import study.opaque_tokens


class Migration(migrations.Migration):
    dependencies = [
        ("study", "0027_live"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("target", "the target is reached"),
                            ("stops", "unusually many people leave at one step"),
                            ("work", "work of this study waits, and no worker takes it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("facts", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="study.study"
                    ),
                ),
            ],
            options={
                "ordering": ("-found_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="NoticeMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(default=study.opaque_tokens.new_nonce, max_length=32)),
                ("tried_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mails", to="study.notice"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MailChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("target", "the target is reached"),
                            ("stops", "unusually many people leave at one step"),
                            ("work", "work of this study waits, and no worker takes it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("wanted", models.BooleanField()),
                ("language", models.CharField(max_length=10)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mail_choices", to="study.study"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("study", "user", "kind"), name="mail_choice_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("study", "kind", "key"), name="notice_once"),
        ),
        migrations.AddIndex(
            model_name="noticemail",
            index=models.Index(condition=models.Q(("sent_at", None)), fields=["tried_at"], name="notice_mail_unsent"),
        ),
        migrations.AddConstraint(
            model_name="noticemail",
            constraint=models.UniqueConstraint(fields=("notice", "user"), name="notice_mail_once"),
        ),
    ]
