"""The log becomes a hash chain for each study, and one for the installation.

The entries of before are numbered and chained in their order. People who have finished get an entry with a commitment
over the ballots and answers that are there now, marked `since="upgrade"`: what was changed earlier, nobody can tell.
"""

import secrets
from collections import defaultdict
from datetime import UTC

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models.functions import Coalesce

from study.digests import canonical_digest


def chain(apps, schema_editor):
    chains, entries = apps.get_model("study", "ChainHead"), apps.get_model("study", "LogEntry")
    chains.objects.create(study=None)
    for study in apps.get_model("study", "Study").objects.all():
        number, head = 0, ""
        for entry in entries.objects.filter(study=study).select_related("actor").order_by("at", "pk"):
            number, head = number + 1, _link(entry, number + 1, head)
            entry.save()
        finished = []
        for code, commitment in _commitments(apps, study):
            entry = entries(
                study=study,
                at=django.utils.timezone.now(),
                action="participant finished",
                data={"participant": code, "commitment": commitment, "since": "upgrade"},
            )
            number, head = number + 1, _link(entry, number + 1, head)
            finished.append(entry)
        entries.objects.bulk_create(finished, batch_size=500)
        chains.objects.create(study=study, number=number, head=head)


def _link(entry, number, previous):
    """Give the entry its number, digest and head; return the head."""
    at = entry.at.astimezone(UTC)
    if "participant" in entry.data:
        at = at.replace(minute=0, second=0, microsecond=0)
    entry.at, entry.number, entry.nonce = at, number, secrets.token_hex(16)
    entry.actor_name = entry.actor.username if entry.actor_id else ""
    content = [number, at.isoformat(timespec="seconds"), entry.actor_name, entry.action, entry.reason, entry.data]
    entry.digest = canonical_digest([entry.nonce, *content])
    entry.head = canonical_digest([previous, number, entry.digest])
    return entry.head


def _commitments(apps, study):
    """Yield code and commitment of everybody who has finished."""
    people = apps.get_model("study", "Participant").objects.filter(
        study=study, kind="simulated" if study.simulated else "real", status="completed"
    )
    digests = defaultdict(list)
    ballots = apps.get_model("study", "Ballot").objects.filter(trial__participant__in=people).order_by()
    for pk, digest in ballots.values_list("trial__participant", "digest"):
        digests[pk].append(digest)
    for person in people.order_by("number"):
        code = f"{person.kind[0]}{person.number:04d}"
        secret = person.receipt.replace("-", "")[:16] if person.receipt else person.nonce
        answers = canonical_digest(["answers", person.nonce, person.answers])
        yield code, canonical_digest(["commitment", 1, secret, code, sorted([*digests[person.pk], answers])])


class Migration(migrations.Migration):
    dependencies = [("study", "0013_odd_audio_files")]

    operations = [
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(default=0)),
                ("head", models.CharField(blank=True, max_length=64)),
                (
                    "study",
                    models.OneToOneField(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chain",
                        to="study.study",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(Coalesce("study", 0), name="one_head_for_each_chain")],
            },
        ),
        migrations.AlterModelOptions(
            name="logentry", options={"ordering": ("number", "pk"), "verbose_name_plural": "log entries"}
        ),
        migrations.AddField("logentry", "actor_name", models.CharField(blank=True, max_length=150)),
        migrations.AddField("logentry", "nonce", models.CharField(blank=True, max_length=32)),
        migrations.AddField("logentry", "digest", models.CharField(default="", max_length=64), preserve_default=False),
        migrations.AddField("logentry", "head", models.CharField(default="", max_length=64), preserve_default=False),
        migrations.AddField("logentry", "erased", models.BooleanField(default=False)),
        migrations.AddField("logentry", "number", models.PositiveIntegerField(null=True)),
        migrations.AlterField(
            "logentry", "at", models.DateTimeField(default=django.utils.timezone.now, null=True)
        ),
        migrations.AlterField(
            "logentry",
            "study",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="log",
                to="study.study",
            ),
        ),
        migrations.RunPython(chain, migrations.RunPython.noop),
    ]
