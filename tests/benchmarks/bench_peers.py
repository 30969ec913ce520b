"""`make bench-peers`: placement, list, detail and search beside django-oscar and pretix, in one run, on one PostgreSQL.

Each shop is a process in an environment of its own with a database of its own, seeded with as many orders of three lines. They
are asked in turn, round after round; printed are medians of all runs and how many times ours the others take. What is
compared with what is said in docs/peers.md. A shop that cannot be installed or started is named with its reason.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import served

ORDERS = int(os.environ.get("PEERS_ORDERS", "1000"))
ROUNDS = int(os.environ.get("PEERS_ROUNDS", "5"))
TIMES = int(os.environ.get("PEERS_TIMES", "8"))
WORKS = ("placement", "list", "detail", "search")
HERE = served.ROOT / "tests" / "benchmarks" / "peers"
PEERS = {
    "django-oscar": (served.ROOT / ".venv-peers-oscar", "oscar_shop.py", "oscar_settings"),
    "pretix": (served.ROOT / ".venv-peers-pretix", "pretix_shop.py", "pretix.testutils.settings"),
}


class Shop:
    """One shop that answers with milliseconds."""

    def __init__(self, name: str, words: list[str], environment: dict[str, str], folder: Path) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                words, cwd=served.ROOT if name == "bahi" else HERE, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out,
            )
        self.took_ms: dict[str, list[float]] = {work: [] for work in WORKS}

    def line(self) -> str:
        """The next thing it says that is meant for us; raises RuntimeError with its last words when it has died."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("[") or line == "ready\n":
                return str(line)
        raise RuntimeError(self.log.read_text(encoding="utf-8", errors="replace")[-1500:])

    def ask(self, work: str, times: int) -> list[float]:
        """Do the work so many times; milliseconds each."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{work} {times}\n")
        self.process.stdin.flush()
        took: list[float] = json.loads(self.line())
        return took


def main() -> None:
    """Seed all, measure in turn, print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shops = [_ours(stack, folder)]
        for name, (venv, script, settings) in PEERS.items():
            if not (venv / ".installed").exists():
                print(f"{name:14} is not installed: {venv.name} is missing (make bench-peers makes it)", flush=True)
                continue
            url = served.environment(folder, stack.enter_context(served.database(name.replace("-", "_"))))["DATABASE_URL"]
            environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings}
            shops.append(Shop(name, [str(venv / "bin" / "python"), script, str(ORDERS)], environment, folder))
        for shop in shops:
            stack.callback(shop.process.kill)
        able = [shop for shop in shops if _able(shop)]
        for _ in range(ROUNDS):
            for work in WORKS:
                for shop in able:
                    shop.took_ms[work] += shop.ask(work, TIMES)
        _report(able)
        if len(able) <= len(PEERS):
            raise SystemExit("not all shops could be measured")


def _ours(stack: ExitStack, folder: Path) -> Shop:
    environment = served.environment(folder, stack.enter_context(served.database("peers")))
    served.run(environment, "manage.py", "migrate", "--verbosity", "0")
    return Shop("bahi", [sys.executable, "-m", "tests.benchmarks.peers.ours", str(ORDERS)], {**environment, "ALLOWED_HOSTS": "*", "KEEP_ANSWERS": "0"}, folder)


def _able(shop: Shop) -> bool:
    """Whether it was seeded and does each work once (which also warms it up)."""
    try:
        shop.line()
        for work in WORKS:
            shop.ask(work, 2)
    except (RuntimeError, BrokenPipeError) as error:
        print(f"{shop.name:14} could not be measured: {error}", flush=True)
        return False
    return True


def _report(shops: list[Shop]) -> None:
    print(f"{ORDERS} orders of three lines each; medians of {ROUNDS * TIMES} runs in {ROUNDS} rounds (in brackets: the quartiles)")
    ours = shops[0]
    for work in WORKS:
        for shop in shops:
            low, middle, high = statistics.quantiles(shop.took_ms[work], n=4)
            times = f"{middle / statistics.median(ours.took_ms[work]):6.1f} x ours" if shop is not ours else ""
            print(f"{work:10} {shop.name:14} {middle:8.1f} ms ({low:.1f} to {high:.1f}) {times}")


if __name__ == "__main__":
    main()
