"""Who sees customers is said by roles (`timeline.rights`), no longer by a permission of the frame."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0039_indexes_of_large_shops'),
        ('timeline', '0014_roles_of_groups'),
    ]

    operations = [migrations.AlterModelOptions(name='person', options={})]
