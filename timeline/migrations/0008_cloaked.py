"""Answers kept for repeats and replies of receivers are no longer in the clear; an answer knows the story it is about."""

from django.db import migrations, models

import timeline.cloaked


class Migration(migrations.Migration):
    dependencies = [("timeline", "0007_tracking")]

    operations = [
        migrations.AddField("receipt", "stream", models.CharField(blank=True, db_default="", max_length=64)),
        # Replies of before are let go of: they are a log, and its rows may not be rewritten.
        migrations.RemoveField("attempt", "response"),
        migrations.AddField("attempt", "response", timeline.cloaked.CloakedJSONField()),
    ]
