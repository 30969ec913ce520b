"""Customers and guests. What is personal is sealed under the person's own key and found by blind tokens (Z9, Z10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from timeline import vault
from timeline.models import SubjectKey

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet


class Person(models.Model):
    """One customer or guest. The row's id is the `customerId` of the API.

    `owner` is the customer a guest turned out to be (C15): what the guest ordered is that customer's from then on. What
    was sealed stays under the guest's own key, so erasing a customer means their guests' keys too.
    """

    class Kind(models.TextChoices):
        """How the person came: signed in, or by an anonymous token."""

        CUSTOMER = "customer"
        GUEST = "guest"

    id = models.UUIDField(primary_key=True)
    key = models.OneToOneField(SubjectKey, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sealed = models.BinaryField(null=True)
    owner = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="guests")
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)

    def profile(self) -> dict[str, Any]:
        """`email`, `phone`, `name` as far as known; empty once the person is erased."""
        return profile_of(self.pk, self.key, self.sealed)

    def seal_profile(self, profile: dict[str, Any]) -> bytes:
        """The profile as ciphertext for `sealed`."""
        return vault.seal(self.key, f"person:{self.pk}", profile)


def profile_of(person_id: UUID, key: SubjectKey | vault.KeyRow, sealed: bytes | memoryview | None) -> dict[str, Any]:
    """The profile of the person with these columns, as `Person.profile` gives it."""
    if sealed is None:
        return {}
    return vault.unseal(key, f"person:{person_id}", bytes(sealed)) or {}


def of(person_id: UUID) -> QuerySet[Person]:
    """Everybody whose things are this person's: themselves, unless they turned out to be somebody, and their guests."""
    return Person.objects.filter(Q(pk=person_id, owner=None) | Q(owner=person_id))


class PersonToken(models.Model):
    """A keyed hash of something the person can be found by: e-mail, its local part, phone, prefixes of the name.

    One of the kind `account` says whose an e-mail address is that was proved at sign-in.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    kind = models.CharField(max_length=20)
    token = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "token", "person"], name="person_found_idx")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind", "token"], name="person_token_once"),
            models.UniqueConstraint(fields=["token"], condition=models.Q(kind="account"), name="person_token_one_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"


class Address(models.Model):
    """One frozen address of one person, sealed. Its id is the `shippingAddressId` of the API."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="addresses")
    sealed = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
