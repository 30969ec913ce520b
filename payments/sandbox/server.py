"""The sandbox over HTTP: sockets, limits and the way from a path to what answers it."""

from __future__ import annotations

import logging
import re
import signal
import socket
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import unquote, urlsplit

from payments.sandbox import api, controls, entities, faults, paypage
from payments.sandbox.courier import Courier
from payments.sandbox.problems import Problem, unknown_path
from payments.sandbox.store import Store
from payments.sandbox.wire import BODY_BYTES_MAX, Reply, Request, reply

log = logging.getLogger(__name__)

ROOT = "/sandbox/razorpay"
SOCKET_TIMEOUT_S = 30
BACKLOG = 256
BROKEN = Problem(
    "We are facing some trouble completing your request at the moment. Please try again shortly.",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    code="SERVER_ERROR",
    reason="NA",
)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose gateway this is: its keys and where its webhooks go."""

    key_id: str
    key_secret: str
    webhook_secret: str
    webhook_url: str

    @property
    def id(self) -> str:
        """The account id webhooks name."""
        return entities.account_id(self.key_id)


class Sandbox(ThreadingHTTPServer):
    """The server; bound when made, answering once ``serve_forever`` runs."""

    daemon_threads = True
    request_queue_size = BACKLOG

    def __init__(self, *, port: int, database: str, account: Account) -> None:
        self.account = account
        self.store = Store(database)
        self.courier = Courier(
            self.store, url=account.webhook_url, secret=account.webhook_secret, account_id=account.id
        )
        super().__init__(("127.0.0.1", port), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """A caller that hangs up before its answer is what time-outs look like from here; nothing to report."""
        log.debug("A connection ended early", exc_info=True)  # noqa: LOG014  # called while handling it

    def respond(self, request: Request) -> Reply:
        """Answer any request whatever; never raises."""
        try:
            return self._route(request)
        except Problem as problem:
            return reply(problem.envelope(), problem.status)
        except Exception:  # the last resort of a server: the caller gets the documented envelope
            log.exception("The sandbox could not answer %s", request.method)
            return reply(BROKEN.envelope(), BROKEN.status)

    def _route(self, request: Request) -> Reply:
        path = request.path.removeprefix(ROOT)
        if path == request.path:
            raise unknown_path()
        if path.startswith("/v1/"):
            request.path = path.removeprefix("/v1")
            return self._documented(request)
        if path == "/pay.css":
            return paypage.style()
        page = re.fullmatch("/pay/([^/]+)", path)
        if page is None:
            request.path = path
            return controls.answer(self.store, account_id=self.account.id, request=request)
        if request.method == "GET":
            return paypage.show(self.store, order_id=page.group(1), request=request)
        if request.method == "POST":
            return paypage.pay(
                self.store,
                account_id=self.account.id,
                key_secret=self.account.key_secret,
                order_id=page.group(1),
                request=request,
            )
        raise Problem("The request method is not allowed.", status=HTTPStatus.METHOD_NOT_ALLOWED, reason="NA")

    def _documented(self, request: Request) -> Reply:
        with self.store.transaction() as ledger:
            fault = faults.take(ledger, method=request.method, path=request.path)
        if fault is None:
            return self._answer(request)
        if fault.kind == "slow":
            return self._slowly(request, fault.delay_s)
        if fault.after_effect:
            self._answer(request)
        time.sleep(fault.delay_s)
        return fault.reply()

    def _slowly(self, request: Request, delay_s: float) -> Reply:
        """A keyed refund waits while it holds its key, so that its twin meets it in flight; all else just waits."""
        if request.path.endswith("/refund"):
            request.delay_s = delay_s
        else:
            time.sleep(delay_s)
        return self._answer(request)

    def _answer(self, request: Request) -> Reply:
        try:
            return api.answer(
                self.store,
                key_id=self.account.key_id,
                key_secret=self.account.key_secret,
                account_id=self.account.id,
                request=request,
            )
        except Problem as problem:
            return reply(problem.envelope(), problem.status)


class _Connection(BaseHTTPRequestHandler):
    """One connection: reads a request within its limits, writes the answer in one piece."""

    protocol_version = "HTTP/1.1"
    server_version = "BahiSandbox"
    sys_version = ""
    timeout = SOCKET_TIMEOUT_S
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        target = urlsplit("/" + self.path.lstrip("/"))
        request = Request(
            self.command,
            unquote(target.path, errors="replace"),
            target.query,
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        self._send(cast("Sandbox", self.server).respond(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815  # as http.server looks for them

    def _body(self) -> bytes | None:
        """The body, or None once its lack has been answered."""
        text = self.headers.get("content-length", "0").strip()
        if "transfer-encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length.")
        elif not (text.isascii() and text.isdigit()):
            self._refuse(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
        elif len(text) > len(str(BODY_BYTES_MAX)) or int(text) > BODY_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 1 MiB.")
        else:
            return self.rfile.read(int(text))
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is not HTTP, or not a method anybody knows, in the envelope; bad input is never our failure."""
        status = code if code < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.METHOD_NOT_ALLOWED
        self._refuse(status, message or HTTPStatus(status).phrase)

    def _refuse(self, status: int, description: str) -> None:
        """Answer without having read the body, and close: what follows on the wire cannot be told apart."""
        self.close_connection = True
        problem = Problem(description, status=status, reason="NA")
        self._send(reply(problem.envelope(), problem.status))

    def _send(self, answer: Reply) -> None:
        """Write an answer in one piece, or break the connection where the script says so."""
        if answer.cut_after is not None:
            self.close_connection = True
        if answer.cut_after == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        head = [
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"Connection: {'close' if self.close_connection else 'keep-alive'}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        body = b"" if self.command == "HEAD" else answer.body[: answer.cut_after]
        self.wfile.write("\r\n".join(head).encode("ascii", "replace") + b"\r\n\r\n" + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing of ordinary requests: their bodies and ids are nobody's business."""


def run(*, port: int, database: str, account: Account) -> None:
    """Serve until SIGTERM or SIGINT; says where in one line once it can answer."""
    ends = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread begins, so that none is interrupted: they wait for sigwait
    sandbox = Sandbox(port=port, database=database, account=account)
    sandbox.courier.start()
    serving = threading.Thread(target=sandbox.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    serving.start()
    print(f"sandbox listening on http://127.0.0.1:{sandbox.server_address[1]}", flush=True)  # noqa: T201
    signal.sigwait(ends)
    sandbox.shutdown()
    sandbox.courier.stop()
    sandbox.server_close()
    sandbox.store.close()
