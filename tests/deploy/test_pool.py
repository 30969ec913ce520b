"""B90: what keeps the connections in bounds, as configured; `make pool-proof` shows it under load."""

from __future__ import annotations

from config.settings import _POSTGRES
from tests.deploy import recipes

OPTIONS = _POSTGRES["OPTIONS"]


def test_a_pooled_connection_is_looked_at_before_it_is_used_and_never_kept_by_a_thread() -> None:
    """Without the check 5 of 24 requests fail after a restart of the server."""
    assert isinstance(OPTIONS, dict)
    assert (_POSTGRES["CONN_MAX_AGE"], _POSTGRES["CONN_HEALTH_CHECKS"]) == (0, True)
    assert OPTIONS["pool"] == {"min_size": 1, "max_size": 10, "timeout": 5, "max_lifetime": 1800, "max_idle": 300}
    assert OPTIONS["connect_timeout"] == 5


def test_nobody_holds_a_connection_for_ever() -> None:
    """F44: a lock, a statement and a silent transaction each end, the lock first: who waits sees a 503, not the worker's end."""
    assert isinstance(OPTIONS, dict)
    limits = dict(word.split("=") for word in str(OPTIONS["options"]).split() if word != "-c")
    assert limits["lock_timeout"] == "3s"
    assert limits["statement_timeout"] == limits["idle_in_transaction_session_timeout"] == "15s"


def test_the_recipes_ask_for_fewer_connections_than_the_server_has() -> None:
    """Web: a pool each process; a worker: one each, and its parent's. Twice, because an upgrade has old and new."""
    assert isinstance(OPTIONS, dict)
    size = int(OPTIONS["pool"]["max_size"])
    needed = 0
    for process in recipes.compose():
        if process.option("--bind"):
            needed += int(process.option("--workers")) * size
            assert int(process.option("--threads")) <= size, "no thread waits for another's connection on an ordinary day"
        elif process.option("-c") and process.option("-Q"):
            needed += int(process.option("-c")) + 1
    words = recipes.COMPOSE["services"]["postgres"]["command"]
    most = next(int(word.partition("=")[2]) for word in words if word.startswith("max_connections="))
    assert needed * 2 <= most
