"""Delivers webhooks at least once, and does what is due: finishes refunds, lets authorisations lapse."""

from __future__ import annotations

import http.client
import logging
import random
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from urllib.parse import urlsplit

from payments.sandbox import bank, faults, outbox
from payments.sandbox.store import Letter, Store

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 20
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
TIMEOUT_S = 5.0
BATCH_LETTERS_MAX = 64
JOBS_MAX = 100
SENDERS = 4
POLL_S = 0.05


class Courier(threading.Thread):
    """Does what is due: delivers webhooks, finishes refunds, lets authorisations lapse."""

    def __init__(self, store: Store, *, url: str, secret: str, account_id: str) -> None:
        super().__init__(name="courier", daemon=True)
        self._store = store
        self._url = url
        self._secret = secret
        self._account_id = account_id
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Finish the delivery at hand and stop; what is left waits in the file."""
        self._stopped.set()
        self.join(TIMEOUT_S + 1)

    def run(self) -> None:
        """Work off what is due, twenty times a second, until stopped."""
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="sender") as senders:
            while not self._stopped.wait(POLL_S):
                try:
                    for _ in range(JOBS_MAX):
                        if not self._work_once():
                            break
                    list(senders.map(self._tell, self._due()))
                except Exception:  # whatever it was, the webhooks after it must still go out
                    log.exception("The courier stumbled")

    def _work_once(self) -> bool:
        with self._store.transaction() as ledger:
            job = ledger.take_job()
            if job is not None:
                bank.do_later(ledger, self._account_id, kind=job[0], subject=job[1])
            return job is not None

    def _due(self) -> list[list[Letter]]:
        with self._store.transaction() as ledger:
            rules = faults.webhook_rules(ledger)
            letters = ledger.due_letters(paused=rules.paused, most=BATCH_LETTERS_MAX)
        if rules.shuffle:
            random.shuffle(letters)
        stories: dict[str, list[Letter]] = {}
        for letter in letters:
            stories.setdefault(letter.subject, []).append(letter)
        return list(stories.values())

    def _tell(self, story: list[Letter]) -> None:
        for letter in story:
            if self._stopped.is_set():
                return
            for delivery in range(letter.copies):
                if not self._deliver(letter):
                    self._put_back(letter, copies=letter.copies - delivery)
                    break
            else:
                self._tick_off(letter)

    def _deliver(self, letter: Letter) -> bool:
        """Whether the shop answered 2xx within five seconds. Redirects are not followed."""
        if not self._url:
            return True
        target = urlsplit(self._url)
        connection: http.client.HTTPConnection
        if target.scheme == "https":
            connection = http.client.HTTPSConnection(
                target.hostname or "", target.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=TIMEOUT_S)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "X-Razorpay-Signature": outbox.sign(letter.body, self._secret),
            "x-razorpay-event-id": letter.event_id,
        }
        try:
            connection.request("POST", path, body=letter.body, headers=headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES

    def _put_back(self, letter: Letter, *, copies: int) -> None:
        attempts = letter.attempts + 1
        state = "dead" if attempts >= ATTEMPTS_MAX else "pending"
        wait_s = BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1]
        with self._store.transaction() as ledger:
            ledger.reschedule(letter.seq, state=state, due_at=ledger.now + wait_s, attempts=attempts, copies=copies)

    def _tick_off(self, letter: Letter) -> None:
        with self._store.transaction() as ledger:
            ledger.reschedule(letter.seq, state="delivered", due_at=ledger.now, attempts=letter.attempts + 1, copies=0)
