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
    """Write the file with fresh secrets when there is none, readable by its owner alone; returns whether it was made."""
    if path.exists():
        return False
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
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


if __name__ == "__main__":
    import sys
    from pathlib import Path

    ensure_env_file(Path(sys.argv[1]) if len(sys.argv) > 1 else env.ROOT / ".env")
