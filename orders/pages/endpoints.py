"""Endpoints and delivery configurations in the console: where events go, every delivery with every try, and what may be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.pages.leafing import page_of
from orders.pages.order_rows import open_count
from orders.pages.visitors import staff
from orders.pages.writing import put_errors, status_of, words_of, write
from timeline import sight
from timeline.api.authentication import staff_actor
from timeline.endpoints import configurations
from timeline.endpoints import operations as endpoints
from timeline.endpoints.guard import URL_CHARS_MAX
from timeline.errors import DomainError, Missing
from timeline.log.seal import log_size
from timeline.models import Dispatch, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from timeline.operations import Operation

PAGE_ROWS = 25
PLACE_MAX = 2**53 - 1
FORM_NAMES = {"name": "name", "url": "url", "kinds": "kinds", "topic": "topic", "isPersonal": "is_personal", "first": "first", "last": "last"}
PAYLOADS = {"thin": "Thin: which event", "full": "Full: the event's facts", "hydrated": "Hydrated: the whole order too"}
ENVELOPES = {"standard": "Standard Webhooks", "cloudevents": "CloudEvents 1.0"}
STATES = {"": "All", "due": "To send", "done": "Taken", "failed": "Given up", "dropped": "Dropped"}
SECRET_KEY = "endpoint_secret"  # noqa: S105 the session's entry in which a new secret waits to be shown once


class ShapeForm(forms.Form):
    """What every message has: how much it says, and in which form."""

    payload = forms.ChoiceField(label="What it says", choices=list(PAYLOADS.items()))
    envelope = forms.ChoiceField(label="Form", choices=list(ENVELOPES.items()))
    is_personal = forms.BooleanField(label="May name the customer (hydrated only)", required=False)


class EndpointForm(ShapeForm):
    """An endpoint. Kinds are typed with spaces or commas between them."""

    url = forms.CharField(label="Address", max_length=URL_CHARS_MAX, widget=forms.URLInput(attrs={"placeholder": "https://…"}))
    kinds = forms.CharField(label="Kinds, such as order.placed, order.* or *", max_length=2000, initial="order.*")

    field_order = ("name", "url", "kinds", "payload", "envelope", "is_personal")

    def clean_kinds(self) -> list[str]:
        """The words, each once."""
        return list(dict.fromkeys(self.cleaned_data["kinds"].replace(",", " ").split()))


class NewEndpointForm(EndpointForm):
    """A new endpoint."""

    name = forms.CharField(label="Name", max_length=120)


class ConfigurationForm(ShapeForm):
    """What of a delivery configuration may be changed here; credentials are replaced over the API."""

    url = forms.CharField(label="Address", max_length=URL_CHARS_MAX, required=False)
    topic = forms.CharField(label="Topic; {type} stands for the event's name", max_length=200, required=False)

    field_order = ("url", "topic", "payload", "envelope", "is_personal")


class ReplayForm(forms.Form):
    """Which places of the log are sent again."""

    first = forms.IntegerField(label="From place", min_value=0, max_value=PLACE_MAX)
    last = forms.IntegerField(label="To place", min_value=0, max_value=PLACE_MAX)


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def endpoint_list(request: HttpRequest) -> HttpResponseBase:
    """`/console/endpoints/`: all of them, and the form for another."""
    form = NewEndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: list[endpoints.Made] = []

        def add(op: Operation) -> endpoints.Made:
            if form.cleaned_data["is_personal"]:
                sight.require(request)
            made.append(endpoints.add(op, **form.cleaned_data))
            return made[-1]

        try:
            place = write(
                request, "endpoint.add", None, add, actor=staff_actor(request), to=lambda done: _url(done.endpoint.pk), versioned=False,
            )
        except DomainError as error:
            put_errors(form, error, FORM_NAMES)
            return _list(request, form, status=status_of(error))
        show_once(request, made)
        messages.success(request, "Made. From now on it is sent what happens.")
        return redirect(place)
    return _list(request, form, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff
def endpoint_page(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """`/console/endpoints/<id>/`: what it is, how it fares, its deliveries; and the form that changes it."""
    row = _found(endpoint_id)
    if request.method != "POST":
        return _show(request, row)
    form = _form(row, request.POST)
    if not form.is_valid():
        return _show(request, row, form=form, status=422)
    return _do(request, row, "endpoint.change", lambda op: _changed(request, op, row, form.cleaned_data), said="Changed.", form=form)


@require_POST
@staff
def step(request: HttpRequest, endpoint_id: UUID, verb: str) -> HttpResponseBase:
    """One of: test, rotate, off, on, remove."""
    row = _found(endpoint_id)
    made: list[endpoints.Made] = []
    deeds: dict[str, tuple[Callable[[Operation], Any], str]] = {
        "test": (lambda op: endpoints.test(op, endpoint_id=row.pk), "A test message is on its way."),
        "rotate": (lambda op: made.append(endpoints.rotate(op, endpoint_id=row.pk)), "A new secret signs; the old one signs too for a day."),
        "off": (lambda op: _changed(request, op, row, {"is_active": False}), "Switched off. Nothing is sent until it is switched on."),
        "on": (lambda op: _changed(request, op, row, {"is_active": True}), "Switched on. It goes on from now."),
        "remove": (lambda op: _removed(op, row), "Removed."),
    }
    if verb not in deeds:
        raise Missing
    act, said = deeds[verb]
    answer = _do(request, row, f"endpoint.{verb}", act, said=said, to=_list_url(row) if verb == "remove" else "")
    show_once(request, made)
    return answer


@require_POST
@staff
def replay(request: HttpRequest, endpoint_id: UUID) -> HttpResponseBase:
    """Send a range of the log again."""
    row = _found(endpoint_id)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _show(request, row, ranges=form, status=422)
    said = "They go out again, under the same message ids."
    return _do(request, row, "endpoint.replay", lambda op: endpoints.replay(op, endpoint_id=row.pk, **form.cleaned_data), said=said, ranges=form)


@require_POST
@staff
def again(request: HttpRequest, dispatch_id: UUID) -> HttpResponseBase:
    """Send one message again."""
    row = _of_dispatch(dispatch_id)
    return _do(request, row, "endpoint.again", lambda op: endpoints.again(op, dispatch_id=dispatch_id), said="It goes out again now.")


@require_safe
@staff
def delivery(request: HttpRequest, dispatch_id: UUID) -> HttpResponseBase:
    """`/console/deliveries/<id>/`: one message with every try, request and response."""
    _of_dispatch(dispatch_id)
    found = Dispatch.objects.select_related("endpoint", "event").get(pk=dispatch_id)
    context = {"dispatch": found, "tries": found.tries.order_by("id"), "now": timezone.now(), "open_count": open_count()}
    return render(request, "console/delivery.html", context)


def _changed(request: HttpRequest, op: Operation, row: Endpoint, wish: dict[str, Any]) -> Endpoint:
    if wish.get("is_personal", row.is_personal) and wish.get("is_active", True):
        sight.require(request)
    if row.is_tracking:
        return configurations.change(op, configuration_id=row.pk, **wish)
    return endpoints.change(op, endpoint_id=row.pk, **wish)


def _removed(op: Operation, row: Endpoint) -> Endpoint:
    if row.is_tracking:
        return configurations.remove(op, configuration_id=row.pk)
    return endpoints.remove(op, endpoint_id=row.pk)


def _do(
    request: HttpRequest, row: Endpoint, name: str, act: Callable[[Operation], Any], *, said: str, to: str = "", **forms_: Any
) -> HttpResponseBase:
    try:
        place = write(request, name, None, act, actor=staff_actor(request), to=to or _url(row.pk), versioned=False)
    except DomainError as error:
        status = status_of(error)
        form = next((form for form in forms_.values() if form is not None), None)
        if form is None:
            return _show(request, row, problem=words_of(error), status=status)
        put_errors(form, error, FORM_NAMES)
        return _show(request, row, status=status, **forms_)
    messages.success(request, said)
    return redirect(place)


def _list(request: HttpRequest, form: NewEndpointForm, *, status: int) -> HttpResponse:
    context = {
        "rows": endpoints.webhooks().order_by("name"), "form": form, "size": log_size(), "now": timezone.now(), "open_count": open_count(),
    }
    return render(request, "console/endpoints.html", context, status=status)


@sensitive_variables("context")
def _show(
    request: HttpRequest, row: Endpoint, *, form: forms.Form | None = None, ranges: ReplayForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    size = log_size()
    context = {
        "row": _found(row.pk), "form": form or _form(row), "problem": problem, "page": _deliveries(request, row, state), "state": state,
        "states": STATES, "ranges": ranges or ReplayForm(initial={"first": max(size - 100, 0), "last": max(size - 1, 0)}), "size": size,
        "secret": _shown_once(request, row), "fingerprint": configurations.fingerprint(row) if row.is_tracking else None,
        "list_url": _list_url(row), "now": timezone.now(), "open_count": open_count(),
    }
    response = render(request, "console/endpoint.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _deliveries(request: HttpRequest, row: Endpoint, state: str) -> Any:
    rows: QuerySet[Dispatch] = Dispatch.objects.filter(endpoint=row).select_related("event").prefetch_related("tries")
    rows = rows.filter(state=state) if state else rows
    return page_of(request, rows, order=("-id",), limit=PAGE_ROWS)


def _form(row: Endpoint, data: Any = None) -> forms.Form:
    known = {name: getattr(row, name) for name in ("url", "topic", "payload", "envelope", "is_personal")}
    if row.is_tracking:
        return ConfigurationForm(data, initial=known)
    return EndpointForm(data, initial={**known, "kinds": " ".join(row.kinds)})


def show_once(request: HttpRequest, made: list[endpoints.Made]) -> None:
    """A new secret waits in the session until the page that shows it is drawn, and is forgotten there."""
    if made:
        request.session[SECRET_KEY] = {"endpoint": str(made[0].endpoint.pk), "secret": made[0].secret}


def _shown_once(request: HttpRequest, row: Endpoint) -> str:
    kept = request.session.get(SECRET_KEY)
    if not isinstance(kept, dict) or kept.get("endpoint") != str(row.pk):
        return ""
    del request.session[SECRET_KEY]
    return str(kept["secret"])


def _found(endpoint_id: UUID) -> Endpoint:
    found = endpoints.alive().filter(pk=endpoint_id).first()
    if found is None:
        raise Missing
    return found


def _of_dispatch(dispatch_id: UUID) -> Endpoint:
    found = endpoints.alive().filter(dispatches=dispatch_id).first()
    if found is None:
        raise Missing
    return found


def _url(endpoint_id: UUID) -> str:
    return reverse("console-endpoint", kwargs={"endpoint_id": endpoint_id})


def _list_url(row: Endpoint) -> str:
    return reverse("console-tracking" if row.is_tracking else "console-endpoints")
