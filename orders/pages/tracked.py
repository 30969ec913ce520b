"""Tracking in the console: delivery configurations, and which events go to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.pages.endpoints import ShapeForm, show_once
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline import sight
from timeline.api.authentication import staff_actor
from timeline.endpoints import configurations
from timeline.endpoints.guard import URL_CHARS_MAX
from timeline.endpoints.operations import Made
from timeline.errors import DomainError, Missing
from timeline.models import ApiClient, Endpoint, TrackingEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

ROWS_MAX = 200
TARGETS = {
    "http": "Your endpoint", "mail_campaign": "Mail campaigns", "product_discovery": "Product discovery", "kafka": "Kafka", "nats": "NATS",
    "rabbitmq": "RabbitMQ", "sqs": "Amazon SQS",
}
SECRETS = {
    "clientId": "Client id", "apiKey": "API key", "username": "User name", "password": "Password", "token": "Token",
    "accessKeyId": "Access key id", "secretAccessKey": "Secret access key", "region": "Region",
}
NAMES = {name: name for name in ("name", "url", "topic", "kinds", *SECRETS)} | {"isPersonal": "is_personal"}


class NewConfigurationForm(ShapeForm):
    """A place events may go to, with what it asks of us."""

    name = forms.CharField(label="Name", max_length=120)
    target = forms.ChoiceField(label="Target", choices=list(TARGETS.items()))
    url = forms.CharField(label="Address", max_length=URL_CHARS_MAX, required=False, help_text="https://…, kafka://host:9092, nats://…, amqp://…")
    topic = forms.CharField(label="Topic of a broker; {type} stands for the event's name", max_length=200, required=False)

    field_order = ("name", "target", "url", "topic", "payload", "envelope", "is_personal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payload"].initial = Endpoint.Payload.HYDRATED
        for name, label in SECRETS.items():
            hidden = forms.PasswordInput(attrs={"autocomplete": "off"})
            self.fields[name] = forms.CharField(label=label, max_length=500, required=False, widget=hidden)

    def plain_fields(self) -> list[forms.BoundField]:
        """All but the credentials."""
        return [field for field in self if field.name not in SECRETS]

    def secret_fields(self) -> list[forms.BoundField]:
        """The credentials."""
        return [self[name] for name in SECRETS]

    def wish(self) -> dict[str, Any]:
        """What `configurations.add` wants."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in SECRETS}
        return {**given, "credentials": {name: self.cleaned_data[name] for name in SECRETS if self.cleaned_data[name]}}


class NewTrackingForm(forms.Form):
    """Which events go where."""

    name = forms.CharField(label="Name", max_length=120)
    configuration_id = forms.ModelChoiceField(label="Goes to", queryset=Endpoint.objects.none())
    kinds = forms.CharField(label="Events", max_length=2000, initial="orders.* sessions.identified checkout.abandoned")
    environments = forms.CharField(label="Environments, or nothing for all", max_length=500, required=False)
    api_clients = forms.ModelMultipleChoiceField(label="API clients, or none for all", queryset=ApiClient.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("configuration_id", configurations.rows()), ("api_clients", ApiClient.objects.filter(is_active=True))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 for the type checker
            field.queryset = rows.order_by("name")

    def wish(self) -> dict[str, Any]:
        """What `configurations.add_tracking` wants."""
        data = self.cleaned_data
        return {
            "name": data["name"], "configuration_id": data["configuration_id"].pk, "kinds": data["kinds"].replace(",", " ").split(),
            "environments": data["environments"].replace(",", " ").split(), "api_clients": [str(client.pk) for client in data["api_clients"]],
        }


@require_safe
@staff
def tracking(request: HttpRequest) -> HttpResponseBase:
    """`/console/tracking/`."""
    return _show(request)


@require_POST
@staff
def add_configuration(request: HttpRequest) -> HttpResponseBase:
    """A new place."""
    form = NewConfigurationForm(request.POST)
    if not form.is_valid():
        return _show(request, place=form, status=422)
    made: list[Made] = []

    def add(op: Operation) -> Made:
        if form.cleaned_data["is_personal"]:
            sight.require(request)
        made.append(configurations.add(op, **form.wish()))
        return made[-1]

    try:
        where = write(
            request, "configuration.add", None, add, actor=staff_actor(request), versioned=False,
            to=lambda done: reverse("console-endpoint", kwargs={"endpoint_id": done.endpoint.pk}),
        )
    except DomainError as error:
        put_errors(form, error, NAMES)
        return _show(request, place=form, status=status_of(error))
    show_once(request, made)
    messages.success(request, "Made. Say under Tracking which events go there.")
    return redirect(where)


@require_POST
@staff
def add_tracking(request: HttpRequest) -> HttpResponseBase:
    """Send these events there."""
    form = NewTrackingForm(request.POST)
    if not form.is_valid():
        return _show(request, event=form, status=422)
    return _do(request, "tracking.add", lambda op: configurations.add_tracking(op, **form.wish()), said="They go there from now on.", form=form)


@require_POST
@staff
def step(request: HttpRequest, tracking_id: UUID, verb: str) -> HttpResponseBase:
    """One of: on, off, remove."""
    deeds: dict[str, tuple[Callable[[Operation], Any], str]] = {
        "on": (lambda op: configurations.change_tracking(op, tracking_id=tracking_id, is_enabled=True), "Switched on."),
        "off": (lambda op: configurations.change_tracking(op, tracking_id=tracking_id, is_enabled=False), "Switched off."),
        "remove": (lambda op: configurations.remove_tracking(op, tracking_id=tracking_id), "Removed."),
    }
    if verb not in deeds:
        raise Missing
    act, said = deeds[verb]
    return _do(request, f"tracking.{verb}", act, said=said)


def _do(
    request: HttpRequest, name: str, act: Callable[[Operation], Any], *, said: str, form: NewTrackingForm | None = None
) -> HttpResponseBase:
    try:
        place = write(request, name, None, act, actor=staff_actor(request), to=reverse("console-tracking"), versioned=False)
    except DomainError as error:
        status = status_of(error)
        if form is None:
            return _show(request, problem=words_of(error), status=status)
        put_errors(form, error, NAMES)
        return _show(request, event=form, status=status)
    messages.success(request, said)
    return redirect(place)


def _show(
    request: HttpRequest, *, place: NewConfigurationForm | None = None, event: NewTrackingForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "places": configurations.rows().order_by("name"), "targets": TARGETS,
        "events": TrackingEvent.objects.select_related("configuration").order_by("name")[:ROWS_MAX], "environment": settings.ENVIRONMENT,
        "place": place or NewConfigurationForm(auto_id="place-%s"), "event": event or NewTrackingForm(auto_id="event-%s"),
        "problem": problem, "now": timezone.now(), "open_count": open_count(),
    }
    return render(request, "console/tracking.html", context, status=status)
