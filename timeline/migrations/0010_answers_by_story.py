"""Answers by the story they are about; made beside running writes."""

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("timeline", "0009_cloak_answers")]

    operations = [
        AddIndexAside(
            model_name="receipt",
            index=models.Index(fields=["stream"], condition=~models.Q(stream=""), name="receipt_stream_idx"),
        ),
    ]
