"""What staff ask for as a file, checked for form; what the filters may be is said by the source."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from timeline.api.export_shapes import DAY_MAX, NAME_CHARS_MAX, WantedInput
from timeline.exports.export import Export
from timeline.exports.sources import sources

NAMES = {"q": "q", "month": "month", "after": "after", "before": "before", "0": "action", "action": "action", "personal": "personal"}
FORM_WORDS = {Export.Format.CSV: "CSV", Export.Format.JSONL: "JSON Lines", Export.Format.PARQUET: "Parquet"}


def _kinds() -> list[tuple[str, str]]:
    return [(source.name, source.word) for source in sources().values()]


class WantedForm(forms.Form):
    """Which rows, in which form."""

    kind = forms.ChoiceField(label="Rows", choices=_kinds)
    format = forms.ChoiceField(label="Form", choices=[(str(form), word) for form, word in FORM_WORDS.items()])
    action = forms.CharField(
        label="Action, for events", required=False, max_length=60, widget=forms.TextInput(attrs={"placeholder": "order.*", "autocapitalize": "off"})
    )
    q = forms.CharField(
        label="Search, for orders", required=False, max_length=500, widget=forms.TextInput(attrs={"placeholder": "status:confirmed city:Pune", "autocapitalize": "off"})
    )
    personal = forms.BooleanField(label="With names and addresses", required=False)

    def filters(self) -> dict[str, Any]:
        """The filters that were filled in."""
        return {name: self.cleaned_data[name] for name in ("month", "after", "before", "action", "q") if self.cleaned_data.get(name)}

    def wanted(self, *, with_period: bool = True) -> dict[str, Any]:
        """As `exports.ask` and `schedules.add` take it. Raises BadRequest."""
        found = self.cleaned_data
        source = WantedInput.source_of({"kind": found["kind"], "personal": found["personal"]})
        filters = WantedInput.filters_of(source, self.filters(), with_period=with_period)
        return {"source": source.name, "form": found["format"], "filters": filters, "is_personal": found["personal"]}


class AskForm(WantedForm):
    """An export: of one month, of a time, or of everything."""

    month = forms.CharField(label="Month", required=False, max_length=7, widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-10"}))
    after = forms.CharField(label="From day", required=False, max_length=10, widget=forms.TextInput(attrs={"type": "date"}))
    before = forms.CharField(label="Before day", required=False, max_length=10, widget=forms.TextInput(attrs={"type": "date"}))
    field_order = ("kind", "format", "month", "after", "before", "action", "q", "personal")


class ScheduleForm(WantedForm):
    """The month before, every month."""

    name = forms.CharField(label="Name", max_length=NAME_CHARS_MAX)
    day = forms.IntegerField(label="Day of the month", min_value=1, max_value=DAY_MAX, initial=1)
    at = forms.TimeField(label="Time", initial=dt.time(6), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    field_order = ("name", "kind", "format", "day", "at", "action", "q", "personal")
