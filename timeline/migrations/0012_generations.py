"""The version of the whole shop."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('timeline', '0011_witnesses'),
    ]

    operations = [
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('shard', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('mark', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('shard__lt', 16)), name='generation_shard_within')],
            },
        ),
    ]
