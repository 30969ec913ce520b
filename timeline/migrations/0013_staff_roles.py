"""Roles of staff, and when they were last here."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('timeline', '0012_generations'),
    ]

    operations = [
        migrations.CreateModel(
            name='StaffMember',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='member', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('roles', models.JSONField(default=list)),
                ('seen_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
