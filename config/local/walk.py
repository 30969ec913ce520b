"""The walk of the README, typed as it stands there: what the first page promises is tried in every `make smoke`."""

from __future__ import annotations

import re
import subprocess

from config import env
from config.local.selfcheck import CheckFailed

HEADING = "## A first order"
SHELL_S_MAX = 60
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SHOP = re.compile(r"^SHOP=.*$", re.MULTILINE)


def commands(base: str) -> str:
    """The commands under the README's heading, sent to this shop instead. Raises CheckFailed when there are none."""
    _, _, rest = (env.ROOT / "README.md").read_text(encoding="utf-8").partition(HEADING)
    block = _BLOCK.search(rest)
    text, shops = _SHOP.subn(f"SHOP={base}", block[1]) if block else ("", 0)
    if shops != 1:
        message = f'README.md: no commands with one line SHOP=… under "{HEADING}"'
        raise CheckFailed(message)
    return text


def run(base: str) -> str:
    """Type the commands; the last line they print must be `confirmed`. Returns a sentence. Raises CheckFailed."""
    script = f"set -eo pipefail\n{commands(base)}"
    done = subprocess.run(  # noqa: S603 the README's own words
        ["bash", "-c", script], capture_output=True, text=True, timeout=SHELL_S_MAX, check=False,  # noqa: S607 as typed there
    )
    if done.returncode or done.stdout.strip().rpartition("\n")[2] != "confirmed":
        message = f"the README's first order ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}"
        raise CheckFailed(message)
    return "README: its first order is confirmed"
