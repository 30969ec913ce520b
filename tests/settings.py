"""Settings of the test suite: the project's own, with fixed secrets and one machine more (tests.door)."""

from __future__ import annotations

import base64
import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-no-worth-0123456789")
os.environ.setdefault("VAULT_KEYS", f"test:{base64.b64encode(bytes(range(32))).decode()}")
os.environ.update(
    {
        "RAZORPAY_KEY_ID": "rzp_test_bahi",
        "RAZORPAY_KEY_SECRET": "test-key-secret-0123456789",
        "RAZORPAY_WEBHOOK_SECRETS": "test-webhook-secret,test-webhook-secret-old",
        "RAZORPAY_BASE_URL": "http://127.0.0.1:9/sandbox/razorpay/v1",
        "SANDBOX_URL": "",
        "PUBLIC_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "SHOP_STATE": "IN-KA",
        "ORDER_RATE": os.environ.get("ORDER_RATE", "100000"),
        "LOG_LEVEL": "CRITICAL",
    }
)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, INSTALLED_APPS, ROOT  # noqa: E402

INSTALLED_APPS = [
    app for app in INSTALLED_APPS if "." in app or app in ("django_htmx", "rest_framework", "drf_spectacular", "drf_spectacular_sidecar", "timeline", "config") or (ROOT / app / "models.py").exists() or (ROOT / app / "models").exists()
] + ["tests.door"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "config.sqlite":
    DATABASES["default"]["OPTIONS"]["init_command"] = DATABASES["default"]["OPTIONS"]["init_command"].replace(
        "synchronous=FULL", "synchronous=OFF"
    )
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
