"""Each participant's numbers of answers, by which pages count; when flags were judged; the log in its order."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, Max, OuterRef, Q, Subquery


def count_answers(apps, schema_editor):
    """Count what is stored; people without an answer keep 0."""
    participants, ballots = apps.get_model("study", "Participant"), apps.get_model("study", "Ballot")
    main = Q(trial__kind="main")
    found = (
        ballots.objects.filter(trial__participant=OuterRef("pk"))
        .order_by()
        .values("trial__participant")
        .annotate(
            answered=Count("pk", filter=~Q(trial__kind="practice")),
            main=Count("pk", filter=main),
            last=Max("answered_at", filter=main),
        )
    )
    answered = ballots.objects.order_by().values("trial__participant")
    participants.objects.filter(pk__in=answered).update(
        answered=Subquery(found.values("answered")),
        main_answered=Subquery(found.values("main")),
        last_answer_at=Subquery(found.values("last")),
    )


class Migration(migrations.Migration):
    dependencies = [("study", "0019_jobs")]

    operations = [
        migrations.AddField("participant", "answered", models.PositiveIntegerField(default=0)),
        migrations.AddField("participant", "main_answered", models.PositiveIntegerField(default=0)),
        migrations.AddField("participant", "last_answer_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("participant", "changes", models.PositiveIntegerField(default=0)),
        migrations.AddField("participant", "judged_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(count_answers, migrations.RunPython.noop),
        migrations.RemoveIndex("participant", "participant_by_state"),
        migrations.AddIndex(
            "participant",
            models.Index(
                fields=["study", "kind", "status", "created_at", "completed_at"], name="participant_by_state_and_time"
            ),
        ),
        migrations.AlterField(
            "logentry",
            "study",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="log",
                to="study.study",
            ),
        ),
        migrations.AddIndex("logentry", models.Index(fields=["study", "number"], name="log_in_order")),
    ]
