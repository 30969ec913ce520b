"""The kernel's start: the guard, the triggers, the subscribers."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules


class TimelineConfig(AppConfig):
    """Who did what, to which, in which story; who must still hear of it."""

    name = "timeline"

    def ready(self) -> None:
        """Connect the guard of transitions and the database's own guard; find the subscribers of every app."""
        from django_fsm.signals import pre_transition

        from timeline import checks, erasing, residue, transitions, triggers, trigrams, vault, watching

        pre_transition.connect(transitions.refuse_unrecorded, dispatch_uid="timeline.guard")
        pre_migrate.connect(triggers.before_migrate, sender=self, dispatch_uid="timeline.triggers.drop")
        post_migrate.connect(triggers.after_migrate, sender=self, dispatch_uid="timeline.triggers.attach")
        post_migrate.connect(vault.after_migrate, sender=self, dispatch_uid="timeline.vault.keys")
        post_migrate.connect(trigrams.after_migrate, sender=self, dispatch_uid="timeline.trigrams.make")
        post_migrate.connect(residue.tune, sender=self, dispatch_uid="timeline.residue.tune")
        checks.register_all()
        connection_created.connect(watching.attach, dispatch_uid="timeline.watching")
        erasing.register_own()
        residue.register_own()
        autodiscover_modules("subscribers", "exchanges")
        from timeline.exports import events  # noqa: F401 registers what can be exported of the book
