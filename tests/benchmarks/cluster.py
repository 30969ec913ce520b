"""A PostgreSQL of a programme's own: made, started as the recipe of compose starts it, stopped, searched, gone at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.deploy.recipes import COMPOSE

HOST = "127.0.0.1"
ROLES = ("bahi_owner", "bahi_app")


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which("initdb")
    if program is None:
        raise SystemExit("needs the programs of PostgreSQL: initdb is not here")
    return Path(program).parent


@dataclass
class Cluster:
    """One server and its files."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self.folder / "cluster"

    def url(self, name: str, role: str = "postgres") -> str:
        """The address of a database as somebody sees it."""
        return f"postgres://{role}@{HOST}:{self.port}/{name}"

    def start(self) -> None:
        """Start it with the options of the recipe."""
        options = " ".join(COMPOSE["services"]["postgres"]["command"][1:])
        where = f"-p {self.port} -c listen_addresses={HOST} -c unix_socket_directories= -c shared_buffers=32MB"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "server.log"), "-w", "-t", "60", "-o", f"{options} {where}", "start")

    def stop(self) -> None:
        """Stop it; everything is written down then."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def run(self, program: str, *words: str) -> None:
        """One of its programs, to its end; PostgreSQL does not run as root."""
        who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*who, str(_binaries() / program), *words], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{program}: {done.stdout}{done.stderr}")

    def say(self, statement: str, name: str = "postgres") -> None:
        """One statement as the superuser."""
        with psycopg.connect(self.url(name), autocommit=True) as link:
            link.execute(statement)

    def database(self, name: str) -> None:
        """An empty database of the owner's."""
        self.say(f"CREATE DATABASE {name} OWNER bahi_owner")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A running server with the two roles of the recipe."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        made = Cluster(folder, int(probe.getsockname()[1]))
    folder.chmod(0o777)
    made.run("initdb", "-D", str(made.data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    made.start()
    try:
        for role in ROLES:
            made.say(f"CREATE ROLE {role} LOGIN")
        yield made
    finally:
        with contextlib.suppress(SystemExit):
            made.stop()
