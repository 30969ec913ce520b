"""The whole shop with one command, on a bare machine."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.local import demo, processes, selfcheck, walk
from orders.analytics import rebuild
from orders.models import Order, Tally
from timeline.actors import system
from timeline.api.authentication import make_client
from timeline.models import ApiClient
from timeline.operations import operation

WEB_WAIT_S = 120
WATCH_S = 0.5
CHECK_CLIENT = "self-check"


class Command(BaseCommand):
    """Migrate, load the demo store once, serve, check one order, say READY."""

    help = "Run the local shop: web, sandbox gateway and background runner."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--once` checks, walks as the README does, and stops."""
        parser.add_argument("--once", action="store_true", help="run the self-check and the README's walk, stop, and tell by the exit code")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 Django's signature
        """Bring everything up; Ctrl-C or SIGTERM takes it down again."""
        if settings.RAZORPAY_KEY_ID.startswith("rzp_live_"):
            message = "These are live gateway keys. `up` is a demo with pretended money: see docs/operations-guide.md instead."
            raise CommandError(message)
        call_command("migrate", verbosity=0)
        _count_old()
        port = processes.free_port(int(os.environ.get("PORT") or 8000))
        if port != int(os.environ.get("PORT") or 8000):
            self.stdout.write(f"Port {os.environ.get('PORT') or 8000} is taken; using {port}.")
        sandbox_port = processes.free_port(port + 1000)
        family = processes.children(
            port=port, sandbox_port=sandbox_port, var=settings.VAR, environment=_environment(port, sandbox_port)
        )
        for number in (signal.SIGTERM, signal.SIGINT):  # a shell that starts us in the background ignores SIGINT for us
            signal.signal(number, _interrupt)
        try:
            for child in family:
                child.start()
            self._ready(port)
            if options["once"]:
                self.stdout.write(walk.run(f"http://127.0.0.1:{port}"))
            if settings.DEMO_TRAFFIC and not options["once"]:
                family.append(processes.traffic(port=port, var=settings.VAR, environment=family[0].environment))
                family[-1].start()
            while not options["once"]:
                for child in family:
                    child.watch()
                time.sleep(WATCH_S)
        except KeyboardInterrupt:
            self.stdout.write("Stopping.")
        except selfcheck.CheckFailed as error:
            raise CommandError(str(error)) from error
        finally:
            for child in reversed(family):
                child.stop()

    def _ready(self, port: int) -> None:
        base = f"http://127.0.0.1:{port}"
        if not processes.wait_for(f"{base}/livez", WEB_WAIT_S):
            message = f"the web process does not answer; see {settings.VAR / 'log' / 'web.log'}"
            raise CommandError(message)
        loaded = demo.load(base)
        done = selfcheck.run(base, _check_key())
        for line in (
            f"Shop {base}/",
            f"  Orders console   {base}/console/     asha, ravi, meera, kabir, tara, nila / demo; a role each",
            f"  Customer pages   {base}/account/     {demo.CUSTOMER}; the code is in the mailbox",
            f"  API documents    {base}/api/docs     schema {base}/api/schema",
            f"  Mailbox          {base}/mailbox/     every message the shop wrote",
            f"  Gateway sandbox  {base}/sandbox/razorpay/v1   key and secrets in .env",
            f"  {loaded}",
            f"  {done}",
            "READY",
        ):
            self.stdout.write(line)
        self.stdout.flush()


def _count_old() -> None:
    """Count what a shop did before there were counts."""
    if Order.objects.exists() and not Tally.objects.exists():
        rebuild.apply()


def _environment(port: int, sandbox_port: int) -> dict[str, str]:
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    names = ("SECRET_KEY", "RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET")
    return {
        **os.environ,
        **{name: str(getattr(settings, name)) for name in names},
        "VAULT_KEYS": ",".join(settings.VAULT_KEYS),
        "RAZORPAY_WEBHOOK_SECRETS": ",".join(settings.RAZORPAY_WEBHOOK_SECRETS),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_URL": sandbox,
        "RAZORPAY_BASE_URL": f"{sandbox}/sandbox/razorpay/v1",
    }


def _check_key() -> str:
    """A fresh key for the check; the one before is worth nothing any more."""
    with operation("apikey.create", actor=system("self-check")) as op:
        ApiClient.objects.filter(name=CHECK_CLIENT).update(name=f"{CHECK_CLIENT} {op.id}", is_active=False)
        return make_client(op, name=CHECK_CLIENT, scopes=["*"])


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
