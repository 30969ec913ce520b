"""How a message leaves: a mailbox kept in the database, or SMTP. Another provider is one function more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

if TYPE_CHECKING:
    from orders.notifications.messages import Text


class Provider(Protocol):
    """Takes one message out of the house; `key` is the same on every repeat."""

    def send(self, text: Text, *, key: str) -> None:
        """Send it, or raise."""


class Mailbox:
    """The message stays in the database and is shown at /mailbox/: nothing leaves the machine."""

    def send(self, text: Text, *, key: str) -> None:
        """Nothing to do: the row is the message."""


class Smtp:
    """Django's mail backend; the key is the Message-ID, so that a repeat is seen as the same mail."""

    def send(self, text: Text, *, key: str) -> None:
        """Send one mail."""
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
        EmailMessage(text.subject, text.body, to=[text.to], headers={"Message-ID": f"<{key}@{domain}>"}).send()


def provider(medium: str) -> Provider:
    """The provider configured for the medium."""
    name = {"email": settings.EMAIL_PROVIDER, "sms": settings.SMS_PROVIDER}[medium]
    makers: dict[tuple[str, str], type[Mailbox | Smtp]] = {
        ("email", "mailbox"): Mailbox, ("sms", "mailbox"): Mailbox, ("email", "smtp"): Smtp,
    }
    try:
        return makers[medium, name]()
    except KeyError:
        message = f"there is no {medium} provider {name!r}"
        raise ImproperlyConfigured(message) from None
