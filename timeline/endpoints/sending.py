"""Send what is owed: fan out along the log, lease, sign, post, write down what came of it.

Note [Along the log]
    An endpoint has a cursor, the first place of the sealed log not looked at yet. Places have no gap and never change, so
    moving the cursor and writing what is owed in one transaction misses nothing and repeats nothing, however often a
    process dies. A receiver that checks `position` and `leafHash` against `/log/` can prove the same to itself.

Note [Giving up]
    A message is tried at 0, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 hours, each with a fifth of jitter; then it waits
    for a person. 410 stops the endpoint at once, five days of nothing but failures too. After ten failures in a row the
    endpoint is left alone for a minute, so that a dead receiver costs no more than one try.

Note [Nobody waits for another]
    Each endpoint has one message on its way at a time, whichever process sends it, so that what happened first is sent
    first; beside those of the others, in a thread that talks and touches no row. What comes of it is written down by the one thread that leases. A receiver that takes ten seconds for every answer
    keeps up nobody (F80): while the last try of a run is under way, endpoints that do not fail are served on.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
import urllib3
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from timeline import locks, network
from timeline.actors import system
from timeline.endpoints import brokers, guard, operations, payload, signing, tracking
from timeline.endpoints.posting import TOTAL_S, post
from timeline.ids import uuid7
from timeline.log.seal import log_size
from timeline.models import Attempt, Dispatch, Endpoint, Event
from timeline.operations import operation
from timeline.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

SCHEDULE_S = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
FAN_OUT_EVENTS_MAX = 500
ENDPOINTS_AT_ONCE = 8
PER_ENDPOINT_MAX = 20
LOOK_AGAIN_S = 0.5
LEASE_S = 20  # longer than one try may take; the others' is kept up
BODY_CHARS_KEPT = 20_000
PAUSE_AFTER, PAUSE = 10, timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=5)
GONE, THROTTLED, THROTTLED_S = 410, frozenset({429, 502, 504}), 5
SENDER = system("webhooks")
log = structlog.get_logger("bahi.webhooks")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try."""

    status: int | None
    took_ms: int
    error: str = ""
    request: dict[str, str] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)
    retry_after_s: int = 0
    is_confirmed: bool = False

    @property
    def is_taken(self) -> bool:
        """Only a 2xx is, and what a broker has confirmed."""
        return self.is_confirmed or (self.status is not None and 200 <= self.status < 300)  # noqa: PLR2004 HTTP's classes


def run(seconds: float) -> int:
    """Fan out and send until nothing is due or the time is up; returns how many were tried. Note [Nobody waits for another]."""
    with ThreadPoolExecutor(ENDPOINTS_AT_ONCE, thread_name_prefix="webhooks") as pool:
        return _Run(pool, time.monotonic() + seconds).to_its_end()


class _Run:
    """One run: what is leased, and whose message is on its way."""

    def __init__(self, pool: ThreadPoolExecutor, until: float) -> None:
        self._pool, self._until = pool, until
        self._leased: dict[uuid.UUID, deque[Dispatch]] = {}
        self._under_way: dict[Future[Outcome], Dispatch] = {}
        self._looked_at = self._leased_at = 0.0
        self._tried = 0

    def to_its_end(self) -> int:
        """Lease, send, write down; returns how many were tried."""
        self._look()
        while self._under_way:
            ended, _ = wait(self._under_way, LOOK_AGAIN_S, FIRST_COMPLETED)
            freed = [endpoint_id for endpoint_id in map(self._end, ended) if endpoint_id not in self._leased]
            if freed or time.monotonic() >= self._leased_at + LOOK_AGAIN_S:
                self._look()
        return self._tried

    def _look(self) -> None:
        """Lease what is due of endpoints that have nothing on its way; after the time is up, only beside others that are slow."""
        now = self._leased_at = time.monotonic()
        is_over = now >= self._until
        free = ENDPOINTS_AT_ONCE - len(self._leased)
        if not free or (is_over and (not self._under_way or now >= self._until + TOTAL_S)):
            return
        if now >= self._looked_at + LOOK_AGAIN_S:
            self._looked_at = now
            for endpoint_id in Endpoint.objects.filter(is_active=True).values_list("pk", flat=True):
                fan_out(endpoint_id)
        fresh: dict[uuid.UUID, deque[Dispatch]] = {}
        for dispatch in _lease(busy=list(self._leased), count=free, only_sound=is_over):
            fresh.setdefault(dispatch.endpoint_id, deque()).append(dispatch)
        self._leased |= fresh
        for endpoint_id in fresh:
            self._next(endpoint_id)

    def _next(self, endpoint_id: uuid.UUID) -> None:
        """Put the endpoint's next message on its way; the endpoint is free again when there is none."""
        waiting = self._leased[endpoint_id]
        while waiting:
            dispatch = waiting.popleft()
            if _take_up(dispatch):
                _keep(waiting)
                self._tried += 1
                self._under_way[self._pool.submit(prepared(dispatch))] = dispatch
                return
        del self._leased[endpoint_id]

    def _end(self, future: Future[Outcome]) -> uuid.UUID:
        """Write down what came of it, and go on with the endpoint, unless it is to be left alone or the time for it is up."""
        dispatch, outcome = self._under_way.pop(future), future.result()
        until = self._until + (TOTAL_S if outcome.is_taken else 0)
        if not _write_down(dispatch, outcome) or time.monotonic() >= until:
            _give_back(self._leased[dispatch.endpoint_id])
        self._next(dispatch.endpoint_id)
        return dispatch.endpoint_id


def fan_out(endpoint_id: uuid.UUID) -> int:
    """Owe the endpoint what was sealed since it was looked at last; Note [Along the log]. Returns how many events were seen."""
    with transaction.atomic(durable=True):
        endpoint = locks.endpoint(endpoint_id)
        end = min(log_size(), endpoint.cursor + FAN_OUT_EVENTS_MAX)
        found = Event.objects.filter(position__gte=endpoint.cursor, position__lt=end).order_by("position")
        events = list(found.only(*tracking.COLUMNS))
        now = timezone.now()
        Dispatch.objects.bulk_create(
            [Dispatch(id=uuid7(now), endpoint=endpoint, event=event, due_at=now) for event in tracking.wanted_of(endpoint, events)],
            ignore_conflicts=True,
        )
        if end > endpoint.cursor:
            Endpoint.objects.filter(pk=endpoint.pk).update(cursor=end)
    return len(events)


def _lease(*, busy: Sequence[uuid.UUID] = (), count: int = ENDPOINTS_AT_ONCE, only_sound: bool = False) -> list[Dispatch]:
    """Due messages of so many endpoints that are neither busy nor paused, at most twenty of one, leased with one statement."""
    now = timezone.now()
    free = Q(paused_until=None) | Q(paused_until__lte=now)
    ready = Endpoint.objects.filter(free, is_active=True, **({"failures": 0} if only_sound else {})).exclude(pk__in=busy)
    endpoints = list(ready.values_list("pk", flat=True))
    random.shuffle(endpoints)  # many with much to send take turns
    chosen: list[uuid.UUID] = []
    for endpoint_id in endpoints:
        due = Dispatch.objects.filter(endpoint_id=endpoint_id, state=Dispatch.State.DUE, due_at__lte=now)
        waiting = due.filter(Q(lease_until=None) | Q(lease_until__lt=now)).order_by("due_at", "event__position")
        found = list(waiting.values_list("pk", flat=True)[:PER_ENDPOINT_MAX])
        if found and due.filter(lease_until__gte=now).exists():  # looked at last: who was quicker has the same messages
            continue
        chosen += found
        count -= bool(found)
        if not count:
            break
    if not chosen:
        return []
    token = uuid.uuid4()
    Dispatch.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk__in=chosen, state=Dispatch.State.DUE).update(
        lease_until=now + timedelta(seconds=LEASE_S), lease_token=token
    )
    mine = Dispatch.objects.select_related("endpoint", "event").filter(pk__in=chosen, lease_token=token)
    return list(mine.order_by("due_at", "event__position"))


def _write_down(dispatch: Dispatch, outcome: Outcome) -> bool:
    """What came of a try; whether the endpoint may be sent more at once."""
    now = timezone.now()
    with transaction.atomic():
        Attempt.objects.create(
            dispatch=dispatch, at=now, took_ms=outcome.took_ms, status=outcome.status, error=outcome.error[:200],
            request=outcome.request, response=outcome.response,
        )
        mine = Dispatch.objects.filter(pk=dispatch.pk, lease_token=dispatch.lease_token)
        if outcome.is_taken:
            mine.update(state=Dispatch.State.DONE, done_at=now, lease_until=None, lease_token=None)
            failed = Endpoint.objects.filter(Q(failures__gt=0) | Q(paused_until__isnull=False), pk=dispatch.endpoint_id)
            failed.update(failures=0, failing_since=None, paused_until=None)
            return True
        over = dispatch.attempts >= len(SCHEDULE_S)
        wait_s = SCHEDULE_S[min(dispatch.attempts, len(SCHEDULE_S) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311 spreads the tries
        mine.update(
            state=Dispatch.State.FAILED if over else Dispatch.State.DUE, due_at=now + timedelta(seconds=max(wait_s, outcome.retry_after_s)),
            lease_until=None, lease_token=None,
        )
    return _bear(dispatch.endpoint_id, outcome, now)


def _bear(endpoint_id: uuid.UUID, outcome: Outcome, now: datetime) -> bool:
    """Count the failure, pause or stop the endpoint where it is time to; whether it may be sent more at once."""
    Endpoint.objects.filter(pk=endpoint_id).update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Value(now)))
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    log.warning("webhook.failed", endpoint=str(endpoint_id), status=outcome.status, error=outcome.error, failures=endpoint.failures)
    since = endpoint.failing_since or now
    reason = "gone" if outcome.status == GONE else "failing" if now - since > GIVE_UP_AFTER else ""
    if reason:
        with operation("endpoint.disable", actor=SENDER) as op:
            operations.disable(op, endpoint_id=endpoint_id, reason=reason)
        return False
    pause = PAUSE if endpoint.failures % PAUSE_AFTER == 0 else timedelta(0)
    if outcome.status in THROTTLED:
        pause = timedelta(seconds=max(outcome.retry_after_s, THROTTLED_S))
    if pause:
        Endpoint.objects.filter(pk=endpoint_id).update(paused_until=now + pause)
    return not pause


def _take_up(dispatch: Dispatch) -> bool:
    """Count the try before it is made; whether the message is still ours to send, and nobody took it back."""
    dispatch.attempts += 1
    mine = Dispatch.objects.filter(pk=dispatch.pk, lease_token=dispatch.lease_token, state=Dispatch.State.DUE)
    return bool(mine.update(attempts=F("attempts") + 1, lease_until=timezone.now() + timedelta(seconds=LEASE_S)))


def _keep(waiting: Iterable[Dispatch]) -> None:
    """Keep the lease of those that wait their turn, before half of it is over."""
    now = timezone.now()
    old = [one for one in waiting if one.lease_until is None or one.lease_until < now + timedelta(seconds=LEASE_S / 2)]
    if old:
        until = now + timedelta(seconds=LEASE_S)
        Dispatch.objects.filter(pk__in=[one.pk for one in old], lease_token=old[0].lease_token).update(lease_until=until)
        for one in old:
            one.lease_until = until


def _give_back(waiting: deque[Dispatch]) -> None:
    """Not begun, so not counted."""
    if waiting:
        mine = Dispatch.objects.filter(pk__in=[one.pk for one in waiting], lease_token=waiting[0].lease_token)
        mine.update(lease_until=None, lease_token=None)
        waiting.clear()


def send(dispatch: Dispatch) -> Outcome:
    """Send one message, with no transaction open; whatever happens is an outcome."""
    return prepared(dispatch)()


def prepared(dispatch: Dispatch) -> Callable[[], Outcome]:
    """The message, written and signed, as a call that sends it and touches no row. Raises NetworkInsideTransaction."""
    network.refuse_inside_transaction()
    endpoint = dispatch.endpoint
    message_id = f"msg_{dispatch.pk.hex}"
    request: dict[str, str] = {"webhook-id": message_id}
    try:
        body, media = payload.body_of(dispatch.event, endpoint)
        request |= {"bytes": str(len(body)), "content-type": media, **_kept(endpoint, body)}
        if endpoint.way in brokers.KINDS:
            talk = _publishing(dispatch, body, message_id, request)
        else:
            url, headers = operations.url_of(endpoint), _headers(endpoint, body, media, message_id)
            request |= {"url": url, **{name: headers[name] for name in ("webhook-timestamp", "webhook-signature")}}
            talk = partial(_posted, url, body, headers, request)
    except Exception as error:  # one message that cannot be written stops no other
        log.exception("webhook.unwritable", dispatch=str(dispatch.pk))
        return partial(Outcome, None, 0, f"The message cannot be written: {type(error).__name__}", request)
    return partial(_talked, talk, request)


def _talked(talk: Callable[[], Outcome], request: dict[str, str]) -> Outcome:
    """What came of talking to a receiver or broker, and how long it took."""
    started = time.monotonic()
    try:
        outcome = talk()
    except brokers.BrokerFailed as error:  # what a broker says is kept as a receiver's words are, not in the clear
        outcome = Outcome(None, 0, type(error).__name__, request, {"body": str(error)})
    except (guard.NotAllowed, OSError, urllib3.exceptions.HTTPError, ValueError, ImportError) as error:
        outcome = Outcome(None, 0, redacted(f"{type(error).__name__}: {error}"), request)
    except Exception as error:  # a client library that breaks is why the message was not taken, too
        log.exception("webhook.broke", message=request["webhook-id"])
        outcome = Outcome(None, 0, redacted(f"{type(error).__name__}: {error}"), request)
    return replace(outcome, took_ms=int((time.monotonic() - started) * 1000))


def _posted(url: str, body: bytes, headers: dict[str, str], request: dict[str, str]) -> Outcome:
    answer = post(guard.resolve(url), body, headers)
    said = {"body": answer.text, "headers": answer.headers}
    return Outcome(answer.status, 0, "" if answer.status < 300 else f"HTTP {answer.status}", request, said, answer.retry_after_s)  # noqa: PLR2004 HTTP's classes


def _publishing(dispatch: Dispatch, body: bytes, message_id: str, request: dict[str, str]) -> Callable[[], Outcome]:
    """To a broker; one story's messages have one key, so that they keep their order."""
    endpoint, story = dispatch.endpoint, dispatch.event.stream
    topic = endpoint.topic.replace("{type}", tracking.name_of(dispatch.event.kind, dispatch.event.facts))
    request |= {"url": endpoint.url, "topic": topic, "key": story}
    credentials = operations.credentials_of(endpoint)

    def publish() -> Outcome:
        said = brokers.broker_of(endpoint, credentials).publish(topic, story, body, message_id)
        return Outcome(None, 0, "", request, {"body": said}, is_confirmed=True)

    return publish


def _headers(endpoint: Endpoint, body: bytes, media: str, message_id: str) -> dict[str, str]:
    now = timezone.now()
    signed = signing.headers(operations.secrets_of(endpoint, now), message_id=message_id, timestamp=int(now.timestamp()), body=body)
    credentials = operations.credentials_of(endpoint)
    known = {"apiKey": ("Authorization", "Bearer "), "clientId": ("X-Client-Id", "")}
    who = {known[name][0]: known[name][1] + text for name, text in credentials.items() if name in known}
    return {**signed, **who, "Content-Type": media, "User-Agent": "Bahi-Webhooks/1"}


def _kept(endpoint: Endpoint, body: bytes) -> dict[str, str]:
    """What the log keeps of the body: all of it, but only its hash where it may name a person."""
    if endpoint.is_personal:
        return {"sha256": hashlib.sha256(body).hexdigest()}
    return {"body": body.decode()[:BODY_CHARS_KEPT]}
