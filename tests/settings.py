"""Settings of the test suite: the project's own, with fixed secrets and one machine more (tests.door)."""

from __future__ import annotations

import base64
import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-no-worth-0123456789")
os.environ.setdefault("VAULT_KEYS", f"test:{base64.b64encode(bytes(range(32))).decode()}")
os.environ.setdefault("SEAL_KEYS", f"test:{base64.b64encode(bytes(range(32, 64))).decode()}")
os.environ.update(
    {
        "RAZORPAY_KEY_ID": "rzp_test_bahi",
        "RAZORPAY_KEY_SECRET": "test-key-secret-0123456789",
        "RAZORPAY_WEBHOOK_SECRETS": "test-webhook-secret,test-webhook-secret-old",
        "RAZORPAY_BASE_URL": "http://127.0.0.1:9/sandbox/razorpay/v1",
        "SANDBOX_URL": "",
        "REDIS_URL": "",  # a test that needs Redis starts one of its own
        "PUBLIC_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "SHOP_STATE": "IN-KA",
        "ORDER_RATE": os.environ.get("ORDER_RATE", "100000"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "CRITICAL"),
    }
)

from config.settings import *
from config.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests.door"]
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]  # it warns of a folder only a deployment has
SEAL_FILE = ERASURES_FILE = ""  # tests of the copies name a file of their own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "config.sqlite":
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "exports": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}
