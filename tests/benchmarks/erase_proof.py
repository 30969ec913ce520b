"""`make erase-proof`: nothing of an erased customer is left in any file of PostgreSQL, of the shop, or of a restored backup (B95, F85).

Searched for are the customer's own words, in the forms in which they could lie there, and every ciphertext, wrapped key and search
hash that the erasure took out of the database. Controls: before it, the search finds the words in the export that was asked for with
them, and each of these ciphertexts in the files of the database.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.benchmarks.cluster import Cluster, cluster
from tests.privacy.words import needles

ROOT = Path(__file__).resolve().parents[2]
BLOB_BYTES_MIN, BLOB_BYTES_SOUGHT = 16, 48
WORDS = needles()


def main() -> int:
    """Print what was planted, where it was looked for and what was found; 0 when that is nothing."""
    with tempfile.TemporaryDirectory(prefix="bahi_erase_", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for part in ("records", "exports", "logs"):
            (folder / part).mkdir()
        with cluster(folder) as server:
            return Proof(folder, server).run()


@dataclass
class Proof:
    """The steps, and what went wrong."""

    folder: Path
    server: Cluster
    wrong: list[str] = field(default_factory=list)

    def run(self) -> int:
        """All of it, in order."""
        self.server.database("bahi")
        self._migrate("bahi")
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.erase_person"], cwd=ROOT, env=self._environment("bahi", "bahi_app"), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(self.folder / "logs" / "app.log").open("a"),
        )
        planted = self._heard(child)
        print(f"planted                  {len(WORDS)} words of one customer: {json.dumps(planted)}")
        before = self._blobs("bahi")
        self.server.run("pg_dump", "-Fc", "-Z0", "-f", str(self.folder / "backup"), "-d", self.server.url("bahi"))
        self._control("the search itself", [self.folder / "exports"], {"words": WORDS}, {"words"})
        self.server.say("CHECKPOINT")
        files = self._copy()

        print(f"erased                   {json.dumps(self._heard(child, 'now'))}")
        gone = {f"{table} {number}": [blob, blob.hex().encode()] for table, blobs in before.items() for number, blob in enumerate(blobs - self._blobs("bahi")[table])}
        self._say_gone(gone)
        sought = {"words": WORDS, "ciphertexts": gone}
        self._control("files before", files, sought, {"ciphertexts"})
        self._look("files, erased and no more", [self.server.data], sought, must=set())
        self._wipe("bahi")
        self._looked(sought)
        self._check("bahi", "verify")
        self._check("bahi", "doctor")

        self._restore()
        self._look("the backup itself", [self.folder / "backup"], {"words": WORDS})
        self._looked(sought)
        for what in self.wrong:
            print(f"WRONG                    {what}")
        print(f"erase-proof              {'nothing is left' if not self.wrong else f'{len(self.wrong)} wrong'}")
        return 1 if self.wrong else 0

    def _restore(self) -> None:
        """The backup of before into a database of its own; then what docs/deploy.md says."""
        self.server.database("restored")
        self.server.run("pg_restore", "--no-owner", "--no-privileges", "--role=bahi_owner", "-d", self.server.url("restored"), str(self.folder / "backup"))
        self._migrate("restored")
        self._verify_restored()
        back = self._manage("restored", "bahi_app", "privacy", "check")
        print(f"restored                 {back.stdout.strip()}")
        if back.returncode != 1:
            self.wrong.append("privacy check did not see who came back with the backup")
        self._check("restored", "privacy", "reapply")
        self._wipe("restored")
        self._check("restored", "doctor")
        self._check("restored", "privacy", "check")

    def _verify_restored(self) -> None:
        """What the backup lacks is found to be gone; what it has is as it was signed."""
        said = self._manage("restored", "bahi_app", "verify").stdout
        has = int((re.search(r"(\d[\d,]*) sealed events", said) or ["", "0"])[1].replace(",", ""))
        places = [int(number) for number in re.findall(r"^missing: place (\d+)", said, re.MULTILINE)]
        later = [int(number) for number in re.findall(r"^(?:checkpoint_gone|root_differs): checkpoint of (\d+)", said, re.MULTILINE)]
        breaks = int((re.search(r"(\d+) breaks", said) or ["", "0"])[1])
        print(f"{'restored':24} verify: {has} sealed events; behind them {len(places)} are missing, {len(later)} lines of checkpoints that say so")
        if not places or breaks != len(places) + len(later) or min(places + [size - 1 for size in later]) < has:
            self.wrong.append(f"restored: verify: {said[-1500:]}")

    def _migrate(self, name: str) -> None:
        self._check(name, "migrate", "--noinput", role="bahi_owner")
        self._check(name, "grants", "bahi_app", role="bahi_owner")

    def _wipe(self, name: str) -> None:
        """What the owner's nightly run and the passing of a quarter of an hour do."""
        self._check(name, "privacy", "wipe", "--all", role="bahi_owner")
        for _ in range(2):
            self.server.say("SELECT pg_switch_wal()")
            self.server.say("CHECKPOINT")

    def _looked(self, sought: dict[str, dict[str, list[bytes]]]) -> None:
        self.server.stop()
        self._look("files of the database", [path for path in self.server.data.iterdir() if path.name != "pg_wal"], sought)
        self._look("write-ahead log", [self.server.data / "pg_wal"], sought)
        self._look("logs", [self.folder / "logs", self.folder / "server.log"], sought)
        self._look("exports", [self.folder / "exports"], sought)
        self._look("checkpoints, erasures", [self.folder / "records"], sought)
        self.server.start()
        for name in ("bahi", "restored"):
            rows = self._rows(name)
            if rows:
                self._report(f"rows of {name}, unpacked", sum(map(len, rows)), {kind: hits(rows, wanted) for kind, wanted in sought.items()})

    def _copy(self) -> list[Path]:
        """The files as they are now, for the control; a checkpoint was just made."""
        target = self.folder / "before"
        self.server.stop()
        subprocess.run(["cp", "-a", str(self.server.data), str(target)], check=True)
        self.server.start()
        return [target]

    def _control(self, name: str, places: list[Path], sought: dict[str, dict[str, list[bytes]]], must: set[str]) -> None:
        self._look(f"control: {name}", places, sought, must=must)
        for place in places:
            if place.name == "before":
                subprocess.run(["rm", "-rf", str(place)], check=True)

    def _look(self, name: str, places: Iterable[Path], sought: dict[str, dict[str, list[bytes]]], *, must: set[str] | None = None) -> None:
        """Search the files; `must` names what has to be found (a control; empty: either way), nothing may be by default."""
        paths = [path for place in places for path in ([place] if place.is_file() else place.rglob("*")) if path.is_file()]
        data = [path.read_bytes() for path in paths]
        found = {kind: hits(data, wanted) for kind, wanted in sought.items()}
        self._report(f"{name} ({len(paths)} files)", sum(map(len, data)), found, must=must)

    def _report(self, name: str, size: int, found: dict[str, list[str]], *, must: set[str] | None = None) -> None:
        said = ", ".join(f"{len(names)} {kind}" for kind, names in found.items())
        print(f"{'searched':24} {name}, {size / 1e6:,.1f} MB: found {said}")
        for kind, names in found.items():
            if must is None and names:
                self.wrong.append(f"{name}: {kind}: {', '.join(names[:5])}")
            if must and kind in must and not names:
                self.wrong.append(f"{name}: the search finds no {kind} where they are")
            if kind == "words" and must is not None and kind not in must and names:
                self.wrong.append(f"{name}: in the clear: {', '.join(names[:5])}")

    def _say_gone(self, gone: dict[str, list[bytes]]) -> None:
        tables: dict[str, int] = {}
        for name in gone:
            table = name.split()[0]
            tables[table] = tables.get(table, 0) + 1
        print(f"taken out of the rows    {len(gone)} ciphertexts, keys and hashes: {json.dumps(tables)}")
        if "timeline_subjectkey" not in tables:
            self.wrong.append("no key was destroyed")

    def _blobs(self, name: str) -> dict[str, set[bytes]]:
        """Every value of bytes in every table, cut to what is sought."""
        found: dict[str, set[bytes]] = {}
        with psycopg.connect(self.server.url(name), autocommit=True) as link:
            columns = link.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'bytea'"
            ).fetchall()
            for table, column in columns:
                values = link.execute(f'SELECT "{column}" FROM "{table}" WHERE length("{column}") >= {BLOB_BYTES_MIN}').fetchall()
                found.setdefault(table, set()).update(bytes(value)[:BLOB_BYTES_SOUGHT] for (value,) in values)
        return found

    def _rows(self, name: str) -> list[bytes]:
        """Each table as text, which unpacks what PostgreSQL compressed; nothing where there is no such database."""
        try:
            link = psycopg.connect(self.server.url(name), autocommit=True)
        except psycopg.OperationalError:
            return []
        with link:
            tables = link.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'").fetchall()
            texts = [str(row[0]) for (table,) in tables for row in link.execute(f'SELECT t::text FROM "{table}" t').fetchall()]
        return [text.encode() for text in texts]

    def _heard(self, child: subprocess.Popen[str], word: str = "") -> object:
        assert child.stdin is not None
        assert child.stdout is not None
        if word:
            child.stdin.write(f"{word}\n")
            child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise SystemExit((self.folder / "logs" / "app.log").read_text()[-3000:])
        return json.loads(line)

    def _check(self, name: str, *words: str, role: str = "bahi_app") -> None:
        done = self._manage(name, role, *words)
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        print(f"{name:24} {' '.join(words)}: {lines[-1] if lines else done.stderr[-300:]}")
        if done.returncode:
            self.wrong.append(f"{name}: {' '.join(words)}: {done.stdout[-500:]}{done.stderr[-1500:]}")

    def _manage(self, name: str, role: str, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self._environment(name, role), capture_output=True, text=True, check=False,
        )
        with (self.folder / "logs" / "manage.log").open("a") as out:
            out.write(done.stdout + done.stderr)
        return done

    def _environment(self, name: str, role: str) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {
            **kept, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.erase_settings", "ERASE_FOLDER": str(self.folder), "BAHI_VAR": str(self.folder / "var"),
            "BAHI_ENV": str(self.folder / "no.env"), "DATABASE_URL": self.server.url(name, role), "LOG_LEVEL": "INFO",
        }


def hits(data: Iterable[bytes], wanted: dict[str, list[bytes]]) -> list[str]:
    """The names of which any form is in any of these."""
    pieces = list(data)
    return [name for name, forms in wanted.items() if any(form in piece for form in forms for piece in pieces)]


if __name__ == "__main__":
    sys.exit(main())
