"""What every test stands on."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from payments.gateways import use
from tests import emptying, standing, template
from tests.payments.fake_gateway import FakeGateway
from tests.thorough import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest_django


# How long an example takes is measured in `make bench`; a busy machine must not fail a property.
hypothesis.settings.register_profile("bahi", deadline=None, max_examples=many(100))
hypothesis.settings.load_profile("bahi")


def pytest_collection_finish() -> None:
    """What was loaded by now stays to the end: the collector need not walk it again after every few thousand objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


TransactionTestCase._fixture_teardown = lambda _: emptying.empty()  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `postgres` show what only a real server can: they are left out elsewhere; `crash` has a command."""
    if os.environ.get("CRASHES") != "1":
        for item in items:
            if "crash" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="kills processes for minutes: make test-crashes"))
    if connection.vendor == "postgresql":
        return
    skip = pytest.mark.skip(reason="needs PostgreSQL: make test-postgres")
    for item in items:
        if "postgres" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    """Nothing a test put into a module or cache reaches the next one."""
    from django.core.cache import cache

    from timeline import kept

    cache.clear()
    kept.forget()
    standing.stand.begin()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The database begins as `tests.template` left it."""
    template.use()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """The migrated database, kept for the next run."""
    with django_db_blocker.unblock():
        template.keep()
        emptying.remember()


@pytest.fixture(scope="module")
def ground(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """What a module's fixtures build on it once is there in each of its tests, and gone after the last.

    For modules whose tests leave what they found: each of them runs in a savepoint of its own, as always.
    """
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module", autouse=True)
def _module() -> Iterator[None]:
    """What stands is a module's own."""
    yield
    standing.stand.forget()


@pytest.fixture
def stand(db: None) -> standing.Stand:
    """What the tests of a module begin from, built once (`tests.standing`)."""
    return standing.stand


@pytest.fixture
def shop_gateway() -> Iterator[FakeGateway]:
    """A gateway in memory in Razorpay's place."""
    fake = FakeGateway()
    with use(fake):
        yield fake
