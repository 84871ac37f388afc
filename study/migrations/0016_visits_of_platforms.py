"""The ids of recruiting platforms move from the participants into a table of their own, which does not lead to them.

The tokens that join the two sides are in no table. A visit of somebody who is in the middle gets a key from the token's
hash under the server's key, which is replaced when they come again; those who have finished or left need none.
"""

import secrets

import django.db.models.deletion
from django.db import migrations, models
from django.utils.crypto import salted_hmac

import study.opaque_tokens

STATES = {"completed": "finished", "screened_out": "screened_out"}


def keyed(salt, value):
    return salted_hmac(f"earsight.{salt}", value, algorithm="sha256").hexdigest()


def move_ids(apps, schema_editor):
    participants = apps.get_model("study", "Participant")
    visits, keys = apps.get_model("study", "PlatformVisit"), apps.get_model("study", "VisitKey")
    new_visits, new_keys = [], []
    rows = participants.objects.exclude(recruitment={}).exclude(status="withdrawn")
    for row in rows.values("study_id", "status", "token_hash", "recruitment", "platform_person").iterator():
        person = row["platform_person"]
        visit = visits(
            study_id=row["study_id"],
            person=keyed("platform-person", f"{row['study_id']}:{person}") if person else secrets.token_hex(32),
            ids=row["recruitment"],
            state=STATES.get(row["status"], "began"),
        )
        is_in_the_middle = row["status"] == "started"
        own = keyed("moved-visit", row["token_hash"]) if is_in_the_middle else secrets.token_hex(32)
        decoys = [keyed("visit-decoy", f"{visit.pk}:{number}") for number in range(3)]
        new_visits.append(visit)
        new_keys += [keys(visit=visit, digest=digest) for digest in (own, *decoys)]
    # In the order of their random numbers: PostgreSQL dumps rows in the order in which they were written.
    visits.objects.bulk_create(sorted(new_visits, key=lambda visit: visit.pk), batch_size=500)
    keys.objects.bulk_create(sorted(new_keys, key=lambda key: key.pk), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("study", "0015_log_number_once")]

    operations = [
        migrations.CreateModel(
            name="PlatformVisit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        default=study.opaque_tokens.new_row_number, primary_key=True, serialize=False
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="platform_visits", to="study.study"
                    ),
                ),
                ("person", models.CharField(max_length=64)),
                ("ids", models.JSONField(blank=True, default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("began", "began"),
                            ("finished", "finished"),
                            ("screened_out", "screened out"),
                            ("paid", "paid"),
                        ],
                        default="began",
                        max_length=12,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VisitKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        default=study.opaque_tokens.new_row_number, primary_key=True, serialize=False
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="study.platformvisit"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.AddConstraint(
            "platformvisit", models.UniqueConstraint(fields=["study", "person"], name="platform_visit_once")
        ),
        migrations.AddField(
            "participant", "support_digest", models.CharField(blank=True, db_index=True, max_length=64, default="")
        ),
        migrations.RunPython(move_ids, migrations.RunPython.noop, elidable=False),
    ]
