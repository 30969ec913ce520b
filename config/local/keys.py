"""The `.env` of a local shop: made once from the table of variables, with secrets of its own."""

from __future__ import annotations

import base64
import os
import secrets
from typing import TYPE_CHECKING

from config import env

if TYPE_CHECKING:
    from pathlib import Path


def ensure_env_file(path: Path) -> bool:
    """Write the file with fresh secrets when there is none, readable by its owner alone; returns whether it was made.

    A file from before the log was sealed gets its signing key added.
    """
    if path.exists():
        text = path.read_text(encoding="utf-8")
        if "SEAL_KEYS=" not in text:
            path.write_text(f"{text.rstrip()}\n\nSEAL_KEYS={_seal_key()}\n", encoding="utf-8")
        return False
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SEAL_KEYS": _seal_key(),
        "VAULT_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "RAZORPAY_KEY_ID": f"rzp_test_{secrets.token_hex(7)}",
        "RAZORPAY_KEY_SECRET": secrets.token_urlsafe(18),
        "RAZORPAY_WEBHOOK_SECRETS": secrets.token_urlsafe(24),
    }
    lines = []
    for line in env.example().splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={made[name]}" if name in made else line)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return True


def _seal_key() -> str:
    return f"s1:{base64.b64encode(secrets.token_bytes(32)).decode()}"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    ensure_env_file(Path(sys.argv[1]) if len(sys.argv) > 1 else env.ROOT / ".env")
