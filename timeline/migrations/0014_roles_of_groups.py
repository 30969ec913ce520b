"""Give everybody the roles that may do exactly what their groups and permissions let them do before."""

from django.db import migrations


def roles_before(user):
    """What decided before: groups `support`, `finance`, `warehouse`, two permissions, and no group at all, which saw everything."""
    groups = {group.name for group in user.groups.all()}
    owned = {permission.codename for permission in user.user_permissions.all()}
    owned |= {permission.codename for group in user.groups.all() for permission in group.permissions.all()}
    if user.is_superuser:
        return ["administrator"]
    if "finance" in groups:
        return ["finance", "manager"]
    if not groups or "support" in groups or "see_customers" in owned:
        return ["manager"]
    if "warehouse" in groups or "view_label" in owned:
        return ["packer", "operations"]
    return ["operations"]


def carry_over(apps, schema_editor):
    User, StaffMember = apps.get_model("auth", "User"), apps.get_model("timeline", "StaffMember")
    people = User.objects.filter(is_staff=True).prefetch_related("groups__permissions", "user_permissions")
    StaffMember.objects.bulk_create(
        [StaffMember(user_id=user.pk, roles=roles_before(user), seen_at=user.last_login) for user in people], ignore_conflicts=True
    )


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('timeline', '0013_staff_roles'),
    ]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
