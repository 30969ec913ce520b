"""Events by kind (with a wildcard), by actor and by session."""

from django.db import migrations, models

from timeline.concurrently import AddIndexAside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('timeline', '0003_sealed_log'),
    ]

    operations = [
        AddIndexAside(
            model_name='event',
            index=models.Index(fields=['kind', 'id'], name='event_kind_idx', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        AddIndexAside(
            model_name='event',
            index=models.Index(fields=['actor_id', 'id'], name='event_actor_idx'),
        ),
        AddIndexAside(
            model_name='event',
            index=models.Index(condition=models.Q(('session_id', ''), _negated=True), fields=['session_id', 'id'], name='event_session_idx'),
        ),
    ]
