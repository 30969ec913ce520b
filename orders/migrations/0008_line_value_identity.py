from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """The database holds the identities of both kinds of price (ADR 9)."""

    dependencies = [("orders", "0007_line_values")]

    operations = [
        migrations.RemoveConstraint("line", "line_total_adds_up"),
        migrations.AddConstraint(
            "line",
            models.CheckConstraint(
                condition=Q(total_minor=F("value_minor") - F("discount_minor") + F("gst_minor")), name="line_total_adds_up"
            ),
        ),
        migrations.AddConstraint(
            "line",
            models.CheckConstraint(
                condition=Q(price_includes_gst=False, value_minor=F("price_minor") * F("quantity"))
                | Q(price_includes_gst=True, total_minor=F("price_minor") * F("quantity") - F("discount_minor")),
                name="line_value_as_marked",
            ),
        ),
    ]
