"""From now on there is only the cloaked column."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0020_cloak_choices")]

    operations = [
        migrations.RemoveField("line", "metadata"),
        migrations.RenameField("line", "cloaked", "metadata"),
        migrations.RemoveField("checkoutline", "metadata"),
        migrations.RenameField("checkoutline", "cloaked", "metadata"),
    ]
