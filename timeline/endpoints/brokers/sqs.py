"""Amazon SQS, and what speaks as it does: one signed POST, through the same guarded way out as webhooks.

`SendMessage` of the JSON protocol, signed with Signature Version 4
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import orjson
from django.utils import timezone

from timeline.endpoints import guard
from timeline.endpoints.brokers import BrokerFailed
from timeline.endpoints.posting import post

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

BODY_BYTES_MAX = 256 * 1024
GROUP_CHARS_MAX = 128
_MEDIA = "application/x-amz-json-1.0"
_ACTION = "AmazonSQS.SendMessage"


class Sqs:
    """One queue. Of a FIFO queue the key is the message group and the id drops repeats."""

    def __init__(self, url: str, credentials: Mapping[str, str]) -> None:
        self._url = url
        self._credentials = credentials

    def publish(self, topic: str, key: str, payload: bytes, id: str) -> str:  # noqa: A002 the protocol's own word
        """Send to the queue of the address; `topic` goes along as an attribute."""
        if len(payload) > BODY_BYTES_MAX:
            raise BrokerFailed("A message is at most 256 KiB.")
        names = {"id": id, "topic": topic, "key": key}
        wish = {
            "QueueUrl": self._url, "MessageBody": payload.decode(),
            "MessageAttributes": {name: {"DataType": "String", "StringValue": text} for name, text in names.items() if text},
        }
        if self._url.endswith(".fifo"):
            wish |= {"MessageGroupId": key[:GROUP_CHARS_MAX] or "all", "MessageDeduplicationId": id}
        body = orjson.dumps(wish)
        there = guard.resolve(self._url)
        answer = post(there, body, self._signed(there, body, timezone.now()), path="/")
        if answer.status != 200:  # noqa: PLR2004 HTTP's number
            raise BrokerFailed(f"HTTP {answer.status}: {answer.text[:200]}")
        return answer.text[:200]

    def _signed(self, there: guard.Destination, body: bytes, now: datetime) -> dict[str, str]:
        stamp, region = now.strftime("%Y%m%dT%H%M%SZ"), self._credentials.get("region", "us-east-1")
        headers = {"content-type": _MEDIA, "host": there.named, "x-amz-date": stamp, "x-amz-target": _ACTION}
        names = ";".join(sorted(headers))
        asked = "\n".join(
            ["POST", "/", "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, hashlib.sha256(body).hexdigest()]
        )
        scope = f"{stamp[:8]}/{region}/sqs/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        key = f"AWS4{self._credentials.get('secretAccessKey', '')}".encode()
        for part in (stamp[:8], region, "sqs", "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        who = f"Credential={self._credentials.get('accessKeyId', '')}/{scope}"
        signed = f"AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}"
        return {"Content-Type": _MEDIA, "X-Amz-Date": stamp, "X-Amz-Target": _ACTION, "Authorization": signed}


def connect(url: str, credentials: Mapping[str, str]) -> Sqs:
    """The queue of `https://sqs.<region>.amazonaws.com/<account>/<queue>`. Raises NotAllowed."""
    guard.check_form(url)
    return Sqs(url, credentials)
