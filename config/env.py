"""Every environment variable the project reads: name, kind, default, meaning.

`config.settings` takes its values from here, `.env.example` and `docs/settings.md` are rendered from here, and a test
compares them. A variable that is not in this table cannot be read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import environ

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: how it is read and what it means."""

    name: str
    kind: str  # text | flag | whole | list
    default: str
    meaning: str
    group: str
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable("SECRET_KEY", "text", "", "Signs cookies, cursors and local tokens. Made by `make run`.", "Required", secret=True),
    Variable("VAULT_KEYS", "list", "", "Master keys of the vault, newest first: `id:base64 of 32 bytes`, comma separated.", "Required", secret=True),
    Variable("SEAL_KEYS", "list", "", "Keys that sign the log, newest first: `name:base64 of 32 bytes`. Empty: nothing is sealed.", "Required", secret=True),
    Variable("DATABASE_URL", "text", "", "Empty: SQLite in `var/bahi.sqlite3`. Production: `postgres://…`.", "Required"),
    Variable("REDIS_URL", "text", "", "Broker of Celery and exact rate limits. Empty: the `runner` process and the database.", "Required"),
    Variable("KEEP_ANSWERS", "flag", "1", "Keep answers of reads, encrypted, in Redis or in memory: never a stale one.", "Web"),
    Variable("ALLOWED_HOSTS", "list", "127.0.0.1,localhost,[::1]", "Host names the web process answers to.", "Web"),
    Variable("PUBLIC_URL", "text", "http://127.0.0.1:8000", "Where customers reach the shop; used in links.", "Web"),
    Variable("DEBUG", "flag", "0", "Django's debug mode: never in production.", "Web"),
    Variable("TRUSTED_PROXIES", "whole", "0", "How many proxies in front may set X-Forwarded-For.", "Web"),
    Variable("PORT", "whole", "8000", "Port of `make run`; the next free one is taken when it is busy.", "Web"),
    Variable("TIME_ZONE", "text", "Asia/Kolkata", "Business time zone: order numbers and days.", "Shop"),
    Variable("ORDER_RATE", "whole", "30", "New orders a minute, per customer and per address of origin.", "Shop"),
    Variable("PAYMENT_DUE_MINUTES", "whole", "60", "An unpaid order is cancelled after so many minutes.", "Shop"),
    Variable("PACK_CUTOFFS", "list", "11:00,15:00,18:00", "When carriers collect, in the shop's time zone: what is released before one is packed for it.", "Shop"),
    Variable("PACK_CARRIER", "text", "own_fleet", "The carrier whose parcel is booked when a box is packed.", "Shop"),
    Variable("HOLD_MINUTES", "whole", "15", "How long a checkout may hold stock.", "Shop"),
    Variable("REFUND_LIMIT_MINOR", "whole", "1000000", "What one of support gives back alone per order, in paise.", "Shop"),
    Variable("CART_ABANDONED_MINUTES", "whole", "60", "A cart nobody touched for so many minutes is told as abandoned, once.", "Shop"),
    Variable("SHOP_NAME", "text", "Mitti & Masala", "Name of the shop on pages and messages.", "Shop"),
    Variable("SHOP_STATE", "text", "IN-KA", "The supplier's state (ISO 3166-2), for CGST and SGST or IGST.", "Shop"),
    Variable("SHOP_GSTIN", "text", "", "The supplier's GSTIN.", "Shop"),
    Variable("SHOP_ADDRESS", "text", "1 Residency Road, Bengaluru 560025", "The supplier's address, as invoices print it.", "Shop"),
    Variable("SHIPPING_STANDARD_MINOR", "whole", "6000", "Charge of standard delivery, in paise.", "Shop"),
    Variable("SHIPPING_EXPRESS_MINOR", "whole", "15000", "Charge of express delivery, in paise.", "Shop"),
    Variable("RETURN_DAYS", "whole", "14", "Goods may be sent back for so many days after their delivery.", "Returns"),
    Variable("RETURN_SEND_DAYS", "whole", "14", "An approved return expires when nothing was sent for so many days.", "Returns"),
    Variable("RETURN_LATE_DAYS", "whole", "3", "Goods that came back wait for their refund or exchange no longer than so many days.", "Returns"),
    Variable("RETURN_INSTANT_REASONS", "list", "", "Reasons for which a return needs no person to approve it.", "Returns"),
    Variable("RETURN_INSTANT_MINOR_MAX", "whole", "200000", "The most such a return may be worth, in paise; one in another currency waits for a person.", "Returns"),
    Variable("RETURN_FEES_BP", "list", "", "Restocking fee by reason, in hundredths of a percent: `no_longer_wanted:500`. Never for a fault of ours.", "Returns"),
    Variable("RAZORPAY_KEY_ID", "text", "", "Key id of the Razorpay account (or of the sandbox).", "Payments"),
    Variable("RAZORPAY_KEY_SECRET", "text", "", "Key secret of the same.", "Payments", secret=True),
    Variable("RAZORPAY_WEBHOOK_SECRETS", "list", "", "Live webhook secrets, newest first: old ones stay until the last retry.", "Payments", secret=True),
    Variable("RAZORPAY_BASE_URL", "text", "https://api.razorpay.com", "The gateway; the local shop points it at its sandbox.", "Payments"),
    Variable("PAYMENT_CAPTURE", "text", "automatic", "`automatic`, or `manual`: reserved money is taken when staff say so.", "Payments"),
    Variable("SANDBOX_URL", "text", "", "Where the local sandbox process listens; empty: no sandbox.", "Payments"),
    Variable("SHIP_FROM_PIN", "text", "560025", "PIN code parcels start from when a carrier is asked whether it goes somewhere.", "Carriers"),
    Variable("SHIPROCKET_EMAIL", "text", "", "API user of the Shiprocket account; empty: not offered.", "Carriers"),
    Variable("SHIPROCKET_PASSWORD", "text", "", "Password of the same.", "Carriers", secret=True),
    Variable("SHIPROCKET_BASE_URL", "text", "https://apiv2.shiprocket.in", "Shiprocket's API.", "Carriers"),
    Variable("SHIPROCKET_PUSH_SECRET", "text", "", "Unguessable end of `/webhooks/carriers/aggregator/…`, 24 hex digits or more; empty: no such address.", "Carriers", secret=True),
    Variable("SHIPROCKET_PUSH_TOKEN", "text", "", "What its webhook must carry as `x-api-key`; empty: not asked for.", "Carriers", secret=True),
    Variable("DELHIVERY_TOKEN", "text", "", "API token of the Delhivery account; empty: not offered.", "Carriers", secret=True),
    Variable("DELHIVERY_BASE_URL", "text", "https://track.delhivery.com", "Delhivery's API.", "Carriers"),
    Variable("DELHIVERY_PUSH_SECRET", "text", "", "Unguessable end of `/webhooks/carriers/delhivery/…`.", "Carriers", secret=True),
    Variable("DELHIVERY_PUSH_TOKEN", "text", "", "What its push must carry as `X-Push-Token`; empty: not asked for.", "Carriers", secret=True),
    Variable("BLUEDART_CLIENT_ID", "text", "", "Client id of Blue Dart's API; empty: it cannot be asked, only push.", "Carriers"),
    Variable("BLUEDART_CLIENT_SECRET", "text", "", "Client secret of the same.", "Carriers", secret=True),
    Variable("BLUEDART_LOGIN_ID", "text", "", "Login id of the Blue Dart account.", "Carriers"),
    Variable("BLUEDART_LICENCE_KEY", "text", "", "Tracking licence key of the same.", "Carriers", secret=True),
    Variable("BLUEDART_BASE_URL", "text", "https://apigateway.bluedart.com/in/transportation", "Blue Dart's API.", "Carriers"),
    Variable("BLUEDART_PUSH_SECRET", "text", "", "Unguessable end of `/webhooks/carriers/bluedart/…`.", "Carriers", secret=True),
    Variable("BLUEDART_PUSH_TOKEN", "text", "", "What its push must carry as `X-Push-Token`; empty: not asked for.", "Carriers", secret=True),
    Variable("KARRIO_GATEWAYS", "text", "", 'Carriers of the extra `karrio`, JSON: `{"ups": {"client_id": …}}`; only where `bahi[karrio]` is installed.', "Carriers", secret=True),
    Variable("GATEWAY_FEE_BP", "whole", "200", "The gateway's agreed fee, in hundredths of a percent, before GST.", "Reconciliation"),
    Variable("GATEWAY_FEE_GST_BP", "whole", "1800", "GST on the gateway's fee, in hundredths of a percent.", "Reconciliation"),
    Variable("SETTLE_DAYS", "whole", "2", "The gateway pays out so many business days after the capture.", "Reconciliation"),
    Variable("REFUND_DAYS", "whole", "5", "A refund on its way for longer than so many days is late.", "Reconciliation"),
    Variable("COD_DAYS", "whole", "10", "A carrier hands cash over within so many days of the delivery.", "Reconciliation"),
    Variable("CLAIM_DAYS", "whole", "30", "A claim on a carrier is filed and answered within so many days.", "Reconciliation"),
    Variable("STUCK_HOURS", "whole", "24", "An order in processing for longer than so many hours is stuck.", "Reconciliation"),
    Variable("ADJUSTMENT_MINOR_MAX", "whole", "100000", "The largest adjustment one member of staff may book alone, in paise.", "Reconciliation"),
    Variable("CUSTOMER_JWKS_URL", "text", "", "Key set of the shop's identity provider; empty: local tokens signed with SECRET_KEY.", "Customers"),
    Variable("CUSTOMER_JWT_AUDIENCE", "text", "bahi", "Audience a customer's token must carry.", "Customers"),
    Variable("PRIVACY_KEEP_DAYS", "whole", "0", "The law asks for a customer's data so many days after an order's end; an erasure waits for it.", "Privacy"),
    Variable("ARCHIVE_DAYS", "whole", "7", "An archive of a customer's data can be fetched for so many days.", "Privacy"),
    Variable("ERASURES_FILE", "text", "", "Every erasure is noted here, for restored backups: a file apart from the database. Empty: `erasures` in BAHI_VAR.", "Privacy"),
    Variable("RETAIN_NOTICES_DAYS", "whole", "90", "Bodies of what gateways, carriers and channels told are kept so many days.", "Privacy"),
    Variable("RETAIN_DELIVERIES_DAYS", "whole", "30", "Tries of outgoing webhooks are kept so many days.", "Privacy"),
    Variable("RETAIN_ANSWERS_DAYS", "whole", "30", "Answers kept under an idempotency key are kept so many days.", "Privacy"),
    Variable("RETAIN_MESSAGES_DAYS", "whole", "365", "Texts of messages to customers are kept so many days.", "Privacy"),
    Variable("RETAIN_CARTS_DAYS", "whole", "90", "Contact and choices of carts that became no order are kept so many days.", "Privacy"),
    Variable("RETAIN_FILES_DAYS", "whole", "90", "Rows of files that jobs worked through are kept so many days.", "Privacy"),
    Variable("RETAIN_LABELS_DAYS", "whole", "180", "Labels are kept so many days.", "Privacy"),
    Variable("RETAIN_PHOTOS_DAYS", "whole", "365", "Photos of returns are kept so many days after the return's end.", "Privacy"),
    Variable("RETAIN_PERSONS_DAYS", "whole", "0", "A customer without an order or cart for so many days is erased; 0: never by itself.", "Privacy"),
    Variable("RETAIN_BOOKS_DAYS", "whole", "2922", "Name and GSTIN on a business's invoice are kept so many days (eight years).", "Privacy"),
    Variable("EMAIL_PROVIDER", "text", "mailbox", "`mailbox` (kept in the database, shown at /mailbox/) or `smtp`.", "Messages"),
    Variable("STAFF_EMAIL", "text", "", "Where the shop's notices to itself go, such as low stock; empty: nowhere.", "Messages"),
    Variable("EMAIL_URL", "text", "", "SMTP server, `smtp+tls://user:password@host:587`.", "Messages", secret=True),
    Variable("DEFAULT_FROM_EMAIL", "text", "orders@shop.invalid", "Sender of the shop's mail.", "Messages"),
    Variable("SMS_PROVIDER", "text", "mailbox", "`mailbox`: no text leaves the machine.", "Messages"),
    Variable("BAHI_VAR", "text", "", "Folder of the SQLite file and other local state; empty: `var/` in the checkout.", "Local"),
    Variable("BAHI_ENV", "text", "", "The file of these variables; empty: `.env` in the checkout.", "Local"),
    Variable("DEMO_TRAFFIC", "flag", "0", "Local shop: 1 places a demo order every 20 seconds.", "Local"),
    Variable("SEAL_ORIGIN", "text", "bahi.local/log", "The log's own name, for ever: a host and a path without scheme.", "Operations"),
    Variable("SEAL_FILE", "text", "", "Every checkpoint is appended here too: a file on another volume. Empty: `checkpoints` in BAHI_VAR.", "Operations"),
    Variable("EXPORTS_DIR", "text", "", "Where files of exports lie, on a volume that web and workers share. Empty: `exports/files` in BAHI_VAR.", "Operations"),
    Variable("EXPORTS_BUCKET", "text", "", "Files of exports lie in this bucket instead (`bahi[s3]`; credentials as boto3 finds them).", "Operations"),
    Variable("EXPORTS_BUCKET_ENDPOINT", "text", "", "Address of an S3 that is not Amazon's.", "Operations"),
    Variable("EXPORTS_BUCKET_REGION", "text", "", "Region of the bucket.", "Operations"),
    Variable("WITNESSES", "list", "", "Who signs that the log only grows: `name+id+base64@https://…` each (C2SP tlog-witness).", "Operations"),
    Variable("ENDPOINTS_PRIVATE", "flag", "0", "Webhooks may go to private addresses and over plain HTTP: for a shop on one machine, never in production.", "Operations"),
    Variable("BROKER_HOSTS", "list", "", "The message brokers that delivery configurations may name, `host:port`, comma separated.", "Operations"),
    Variable("ENVIRONMENT", "text", "local", "What this installation is: tracking events are enabled for `production`, `staging` …", "Operations"),
    Variable("MAIL_CAMPAIGN_URL", "text", "", "Where targets of the kind mail_campaign go that name no address.", "Operations"),
    Variable("PRODUCT_DISCOVERY_URL", "text", "", "Where targets of the kind product_discovery go that name no address.", "Operations"),
    Variable("HELP_DESK_URL", "text", "", "Tickets are told to the help desk at this address, as signed webhooks. Empty: tickets stay here.", "Messages"),
    Variable("HELP_DESK_SECRET", "text", "", "What they are signed with, `whsec_…` (Standard Webhooks).", "Messages", secret=True),
    Variable("SLOW_OPERATION_MS", "whole", "1000", "An operation that takes longer is said in the log (`operation.slow`); 0: none is.", "Operations"),
    Variable("SLOW_STATEMENT_MS", "whole", "500", "A statement that takes longer is said in the log (`statement.slow`), without its values; 0: none is.", "Operations"),
    Variable("ALERT_EMAILS", "list", "", "Operators who are mailed when an alert is raised and when it is over (`EMAIL_PROVIDER=smtp`).", "Operations"),
    Variable("ALERT_WEBHOOK_URL", "text", "", "Where the same is posted as JSON; empty: nowhere.", "Operations"),
    Variable("ALERT_WEBHOOK_SECRET", "text", "", "What that is signed with, `whsec_…` (Standard Webhooks); empty: not signed.", "Operations", secret=True),
    Variable("RELAY_STALL_SECONDS", "whole", "300", "Events owed for longer than so many seconds: the relay stalls, `/readyz` says so.", "Operations"),
    Variable("METRICS_TOKEN", "text", "", "What a collector must bring to `/metrics` as bearer token. Empty: anyone who reaches it may read it.", "Operations", secret=True),
    Variable("LOG_LEVEL", "text", "INFO", "Level of the structured log.", "Operations"),
)

_BY_NAME = {variable.name: variable for variable in VARIABLES}
_env = environ.Env()


def file() -> Path:
    """Where the `.env` of this process is, or would be."""
    return Path(text("BAHI_ENV") or ROOT / ".env")


def load(path: Path) -> None:
    """Read a `.env` file where there is one; the process's own environment wins."""
    if path.is_file():
        _env.read_env(str(path))


def _value(name: str) -> str:
    return os.environ.get(name, _BY_NAME[name].default)


def text(name: str) -> str:
    """The variable as text."""
    return _value(name)


def flag(name: str) -> bool:
    """The variable as a yes or no: 1, true, yes, on."""
    return _value(name).strip().lower() in {"1", "true", "yes", "on"}


def whole(name: str) -> int:
    """The variable as a whole number. Raises ValueError naming the variable."""
    try:
        return int(_value(name))
    except ValueError as error:
        message = f"{name} must be a whole number"
        raise ValueError(message) from error


def many(name: str) -> list[str]:
    """The variable as a comma-separated list without empty items."""
    return [item.strip() for item in _value(name).split(",") if item.strip()]


def database(default_sqlite: Path) -> dict[str, object]:
    """The parsed DATABASE_URL, or the SQLite file when it is empty."""
    url = text("DATABASE_URL")
    parse: Callable[[str], dict[str, object]] = _env.db_url_config
    return dict(parse(url)) if url else {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default_sqlite)}


def example() -> str:
    """The text of `.env.example`."""
    lines = ["# Written from config/env.py by `make docs`; copy to .env. `make run` makes the secrets.", ""]
    group = ""
    for variable in VARIABLES:
        if variable.group != group:
            group = variable.group
            lines += [f"# --- {group} ---", ""]
        lines += [f"# {variable.meaning}", f"{variable.name}={variable.default}", ""]
    return "\n".join(lines)
