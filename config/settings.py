"""What the project is made of. One file, no branches on environment names: everything that differs is a variable."""

from __future__ import annotations

from datetime import time
from pathlib import Path

from config import env

ROOT = env.ROOT
env.load(env.file())

VAR = Path(env.text("BAHI_VAR") or ROOT / "var")
VAR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env.text("SECRET_KEY")
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.many("ALLOWED_HOSTS")
PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/")
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "timeline",
    "inventory",
    "payments",
    "shipping",
    "orders",
    "config",
]

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentPolicyMiddleware",
    "config.middleware.NotKeptMiddleware",
    "config.middleware.RateLimitMiddleware",
    "config.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Django's own pool and PostgreSQL's time limits; SQLite as one fair writer queue. RELIABILITY 3.3 has the measurements.
_POSTGRES = {
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "pool": {"min_size": 1, "max_size": 10, "timeout": 5, "max_lifetime": 1800, "max_idle": 300},
        "connect_timeout": 5,
        "keepalives": 1,
        "keepalives_idle": 20,
        "options": (
            "-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=15s"
            " -c synchronous_commit=on -c jit=off"  # of 60,000 orders the underpaid ones in 0.24 s, not 2.8 s
        ),
    },
}
_SQLITE = {
    "ENGINE": "config.sqlite",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA recursive_triggers=ON;"
            "PRAGMA cell_size_check=ON;PRAGMA journal_size_limit=67108864;PRAGMA secure_delete=ON;"
        ),
    },
}
_database = env.database(VAR / "bahi.sqlite3")
DATABASES = {
    "default": {
        **_database,
        **(_SQLITE if str(_database["ENGINE"]).endswith("sqlite3") else _POSTGRES),
        "ATOMIC_REQUESTS": False,
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
KEEP_ANSWERS = env.flag("KEEP_ANSWERS")

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
CSRF_FAILURE_VIEW = "config.api.problems.csrf_failure"
LOGIN_URL = "/console/login/"
LOGIN_REDIRECT_URL = "/console/"

LANGUAGE_CODE = "en-in"
TIME_ZONE = env.text("TIME_ZONE")
USE_TZ = True
USE_I18N = True

EXPORTS_WORK = VAR / "exports" / "work"
EXPORTS_BUCKET = env.text("EXPORTS_BUCKET")
_EXPORTS_ON_DISK = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": env.text("EXPORTS_DIR") or str(VAR / "exports" / "files"),
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    },
}
_EXPORTS_IN_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": EXPORTS_BUCKET,
        "location": "exports",
        "endpoint_url": env.text("EXPORTS_BUCKET_ENDPOINT") or None,
        "region_name": env.text("EXPORTS_BUCKET_REGION") or None,
        "default_acl": None,
        "file_overwrite": False,
        "querystring_auth": True,
    },
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "exports": _EXPORTS_IN_S3 if EXPORTS_BUCKET else _EXPORTS_ON_DISK,
}

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [ROOT / "config" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_CONTENT_TYPE_NOSNIFF = True
# No address of ours, some of which are secret, is told to another site. Not `no-referrer`: a browser then says `Origin: null` of a form, and it is refused.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_767_168  # a photo of 5 MiB; JSON bodies have a smaller limit of their own

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "timeline.api.authentication.ApiKeyAuthentication",
        "orders.api.authentication.CustomerAuthentication",
        "timeline.api.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["timeline.api.permissions.Nobody"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.OrjsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "EXCEPTION_HANDLER": "config.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bahi",
    "DESCRIPTION": "Order management whose history can be proved.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "orders.models.Order.Status",
        "PaymentState": "orders.models.Order.PaymentState",
        "FulfilmentState": "orders.models.Order.FulfilmentState",
        "StatusInputStatusEnum": "orders.api.inputs.STATUSES",
        "JobStatus": "orders.models.Job.Status",
        "CheckoutStatus": "orders.models.Checkout.Status",
        "PaymentStatus": "payments.models.Payment.Status",
        "RefundStatus": "payments.models.Refund.Status",
        "ShipmentStatus": "shipping.models.Shipment.Status",
        "TransferStatus": "inventory.models.Transfer.Status",
        "CountStatus": "inventory.models.StockCount.Status",
        "ClaimStatus": "shipping.models.Claim.Status",
        "ImportState": "orders.models.ChannelImport.State",
        "ManifestStatus": "shipping.models.Manifest.Status",
        "AttemptReason": "orders.api.parcel_shapes.ATTEMPT_REASONS",
        "ReturnStatus": "orders.models.Return.Status",
        "ReturnWish": "orders.models.Return.Wish",
        "TicketStatus": "orders.models.Ticket.Status",
        "TicketTopic": "orders.models.Ticket.Topic",
        "TicketSide": "orders.api.ticket_shapes.SIDES",
        "DataRequestStatus": "orders.models.DataRequest.Status",
        "DataRequestKind": "orders.models.DataRequest.Kind",
    },
}

VAULT_KEYS = env.many("VAULT_KEYS")
BROKER_HOSTS = env.many("BROKER_HOSTS")
ENVIRONMENT = env.text("ENVIRONMENT")
TRACKING_URLS = {"mail_campaign": env.text("MAIL_CAMPAIGN_URL"), "product_discovery": env.text("PRODUCT_DISCOVERY_URL")}
CART_ABANDONED_MINUTES = env.whole("CART_ABANDONED_MINUTES")
ENDPOINTS_PRIVATE = env.flag("ENDPOINTS_PRIVATE")
SEAL_KEYS = env.many("SEAL_KEYS")
WITNESSES = env.many("WITNESSES")
SEAL_ORIGIN = env.text("SEAL_ORIGIN")
SEAL_FILE = env.text("SEAL_FILE") or str(VAR / "checkpoints")

RAZORPAY_KEY_ID = env.text("RAZORPAY_KEY_ID")
RAZORPAY_KEY_SECRET = env.text("RAZORPAY_KEY_SECRET")
RAZORPAY_WEBHOOK_SECRETS = env.many("RAZORPAY_WEBHOOK_SECRETS")
RAZORPAY_BASE_URL = env.text("RAZORPAY_BASE_URL")
PAYMENT_CAPTURE = env.text("PAYMENT_CAPTURE")
SANDBOX_URL = env.text("SANDBOX_URL").rstrip("/")

GATEWAY_FEE_BP = env.whole("GATEWAY_FEE_BP")
GATEWAY_FEE_GST_BP = env.whole("GATEWAY_FEE_GST_BP")
SETTLE_DAYS = env.whole("SETTLE_DAYS")
REFUND_DAYS = env.whole("REFUND_DAYS")
COD_DAYS = env.whole("COD_DAYS")
CLAIM_DAYS = env.whole("CLAIM_DAYS")
STUCK_HOURS = env.whole("STUCK_HOURS")
ADJUSTMENT_MINOR_MAX = env.whole("ADJUSTMENT_MINOR_MAX")

# What carriers are reached with; `shipping.carriers` offers those whose credentials are there.
CARRIERS: dict[str, str] = {
    "SHIP_FROM_PIN": env.text("SHIP_FROM_PIN"),
    "SHIPROCKET_EMAIL": env.text("SHIPROCKET_EMAIL"),
    "SHIPROCKET_PASSWORD": env.text("SHIPROCKET_PASSWORD"),
    "SHIPROCKET_BASE_URL": env.text("SHIPROCKET_BASE_URL"),
    "SHIPROCKET_PUSH_SECRET": env.text("SHIPROCKET_PUSH_SECRET"),
    "SHIPROCKET_PUSH_TOKEN": env.text("SHIPROCKET_PUSH_TOKEN"),
    "DELHIVERY_TOKEN": env.text("DELHIVERY_TOKEN"),
    "DELHIVERY_BASE_URL": env.text("DELHIVERY_BASE_URL"),
    "DELHIVERY_PUSH_SECRET": env.text("DELHIVERY_PUSH_SECRET"),
    "DELHIVERY_PUSH_TOKEN": env.text("DELHIVERY_PUSH_TOKEN"),
    "BLUEDART_CLIENT_ID": env.text("BLUEDART_CLIENT_ID"),
    "BLUEDART_CLIENT_SECRET": env.text("BLUEDART_CLIENT_SECRET"),
    "BLUEDART_LOGIN_ID": env.text("BLUEDART_LOGIN_ID"),
    "BLUEDART_LICENCE_KEY": env.text("BLUEDART_LICENCE_KEY"),
    "BLUEDART_BASE_URL": env.text("BLUEDART_BASE_URL"),
    "BLUEDART_PUSH_SECRET": env.text("BLUEDART_PUSH_SECRET"),
    "BLUEDART_PUSH_TOKEN": env.text("BLUEDART_PUSH_TOKEN"),
    "KARRIO_GATEWAYS": env.text("KARRIO_GATEWAYS"),
}

CUSTOMER_JWKS_URL = env.text("CUSTOMER_JWKS_URL")
CUSTOMER_JWT_AUDIENCE = env.text("CUSTOMER_JWT_AUDIENCE")

ORDER_RATE = env.whole("ORDER_RATE")
REFUND_LIMIT_MINOR = env.whole("REFUND_LIMIT_MINOR")
RETURN_DAYS = env.whole("RETURN_DAYS")
RETURN_SEND_DAYS = env.whole("RETURN_SEND_DAYS")
RETURN_LATE_DAYS = env.whole("RETURN_LATE_DAYS")
RETURN_INSTANT_REASONS = env.many("RETURN_INSTANT_REASONS")
RETURN_INSTANT_MINOR_MAX = env.whole("RETURN_INSTANT_MINOR_MAX")
RETURN_FEES_BP = env.many("RETURN_FEES_BP")
PAYMENT_DUE_MINUTES = env.whole("PAYMENT_DUE_MINUTES")
HOLD_MINUTES = env.whole("HOLD_MINUTES")
PACK_CUTOFFS = [time.fromisoformat(text) for text in env.many("PACK_CUTOFFS")]
PACK_CARRIER = env.text("PACK_CARRIER")
SHOP_NAME = env.text("SHOP_NAME")
SHOP_STATE = env.text("SHOP_STATE")
SHOP_GSTIN = env.text("SHOP_GSTIN")
SHOP_ADDRESS = env.text("SHOP_ADDRESS")
SHIPPING_MINOR = {
    "standard": env.whole("SHIPPING_STANDARD_MINOR"),
    "express": env.whole("SHIPPING_EXPRESS_MINOR"),
}

PRIVACY_KEEP_DAYS = env.whole("PRIVACY_KEEP_DAYS")
ARCHIVE_DAYS = env.whole("ARCHIVE_DAYS")
ERASURES_FILE = env.text("ERASURES_FILE") or str(VAR / "erasures")
RETAIN_NOTICES_DAYS = env.whole("RETAIN_NOTICES_DAYS")
RETAIN_DELIVERIES_DAYS = env.whole("RETAIN_DELIVERIES_DAYS")
RETAIN_ANSWERS_DAYS = env.whole("RETAIN_ANSWERS_DAYS")
RETAIN_MESSAGES_DAYS = env.whole("RETAIN_MESSAGES_DAYS")
RETAIN_CARTS_DAYS = env.whole("RETAIN_CARTS_DAYS")
RETAIN_FILES_DAYS = env.whole("RETAIN_FILES_DAYS")
RETAIN_LABELS_DAYS = env.whole("RETAIN_LABELS_DAYS")
RETAIN_PHOTOS_DAYS = env.whole("RETAIN_PHOTOS_DAYS")
RETAIN_PERSONS_DAYS = env.whole("RETAIN_PERSONS_DAYS")
RETAIN_BOOKS_DAYS = env.whole("RETAIN_BOOKS_DAYS")

EMAIL_PROVIDER = env.text("EMAIL_PROVIDER")
STAFF_EMAIL = env.text("STAFF_EMAIL")
SMS_PROVIDER = env.text("SMS_PROVIDER")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")
HELP_DESK_URL = env.text("HELP_DESK_URL")
HELP_DESK_SECRET = env.text("HELP_DESK_SECRET")
DEMO_TRAFFIC = env.flag("DEMO_TRAFFIC")
SLOW_OPERATION_MS = env.whole("SLOW_OPERATION_MS")
SLOW_STATEMENT_MS = env.whole("SLOW_STATEMENT_MS")
ALERT_EMAILS = env.many("ALERT_EMAILS")
ALERT_WEBHOOK_URL = env.text("ALERT_WEBHOOK_URL")
ALERT_WEBHOOK_SECRET = env.text("ALERT_WEBHOOK_SECRET")
RELAY_STALL_SECONDS = env.whole("RELAY_STALL_SECONDS")
METRICS_TOKEN = env.text("METRICS_TOKEN")
LOG_LEVEL = env.text("LOG_LEVEL")
# Django calls LOGGING_CONFIG only when LOGGING says something.
LOGGING_CONFIG = "config.observability.configure_logging"
LOGGING = {"version": 1}

LOCAL_SANDBOX = bool(SANDBOX_URL) and not RAZORPAY_KEY_ID.startswith("rzp_live_")

PROJECT_ROOT: Path = ROOT
