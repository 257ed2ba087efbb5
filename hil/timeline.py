"""What happens in the box, told line by line as it happens, and summed up at the end.

Figures are milliseconds: of a call since its line was seized (T0), of a delivery since the dispatch
was committed (T6), of the panel since the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from appliance.domain.events import (
    CallAnswered,
    CallClaimed,
    CallEnded,
    CallFiled,
    CallIdentified,
    CallOffered,
    CallQueued,
    CallRinging,
    DispatchAcknowledged,
    DispatchDelivered,
    DispatchEscalated,
    DispatchRaised,
    DispatchSent,
    Event,
    IncidentClassified,
    IncidentClosed,
    IncidentOpened,
    IncidentVerified,
    RecordingFailed,
    RecordingStored,
    TroubleCleared,
    TroubleRaised,
)
from appliance.engine import Step
from drivers.api import Signal

Say = Callable[[str], None]


class Timeline:
    def __init__(self, say: Say) -> None:
        self._say = say
        self._began_ms = _now_ms()
        self.calls: dict[int, dict[str, Any]] = {}
        self.incidents: dict[int, dict[str, Any]] = {}
        self.deliveries: dict[int, dict[str, Any]] = {}
        self.recordings: list[dict[str, Any]] = []
        self.panel: list[dict[str, Any]] = []

    def summary(self) -> dict[str, Any]:
        return {
            "calls": self._since_start(self.calls),
            "incidents": self._since_start(self.incidents),
            "deliveries": self._since_start(self.deliveries),
            "panel": self.panel,
            "recordings": self.recordings,
        }

    def _since_start(self, things: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
        """Each thing with the moment it began, instead of the machine's own clock."""
        return [
            {"at_ms": thing["began"] - self._began_ms}
            | {name: what for name, what in thing.items() if name != "began"}
            for thing in things.values()
        ]

    def note(self, text: str) -> None:
        """Tell something that happened outside of the box."""
        self._line(f"      {text}")

    def on_panel(self, output: str, on: bool, signal: Signal) -> None:
        """`signal` is what the output was asked to show; its flashes are not told one by one."""
        last = next((p["signal"] for p in reversed(self.panel) if p["output"] == output), "off")
        if signal != last:
            at_ms = _now_ms() - self._began_ms
            self.panel.append({"at_ms": at_ms, "output": output, "signal": str(signal)})
            self._line(f"  [{output}] {_SIGNALS[signal]}")

    def on_step(self, step: Step) -> None:
        event, at_ms = step.entry.event, step.entry.at_ms
        self._call(event, at_ms)
        self._incident(event, at_ms)
        self._delivery(event, at_ms)
        if (told := _told(event)) is not None:
            self._line(told)

    def _line(self, text: str) -> None:
        at_s = (_now_ms() - self._began_ms) / 1000
        self._say(f"{at_s:8.3f}  {text}")

    def _call(self, event: Event, at_ms: int) -> None:
        match event:
            case CallOffered(id, line, _, _, number):
                self.calls[id] = {"call": id, "line": line, "number": number, "began": at_ms}
            case CallIdentified(id, _, number):
                self.calls[id]["number"] = number
            case CallQueued(id):
                self._since(self.calls[id], "queued_ms", at_ms)
            case CallRinging(id) | CallClaimed(id):
                self._since(self.calls[id], "ringing_ms", at_ms)
            case CallAnswered(id, desk, taker):
                self._since(self.calls[id], "answered_ms", at_ms)
                self.calls[id] |= {"desk": desk, "taker": taker}
            case CallEnded(id, reason):
                self._since(self.calls[id], "ended_ms", at_ms)
                self.calls[id]["reason"] = str(reason)
            case CallFiled(id, disposition):
                self.calls[id]["disposition"] = disposition
            case RecordingStored(id, path, sha256, duration_ms):
                stored = {"path": path, "sha256": sha256, "duration_ms": duration_ms}
                self.recordings.append({"call": id, **stored})
            case _:
                pass

    def _incident(self, event: Event, at_ms: int) -> None:
        match event:
            case IncidentOpened(id, call):
                began = self.calls[call]["began"]
                self.incidents[id] = {"incident": id, "call": call, "began": began}
            case IncidentVerified(id):
                self._since(self.incidents[id], "verified_ms", at_ms)
            case IncidentClassified(id, kind, name, priority):
                self._since(self.incidents[id], "classified_ms", at_ms)
                self.incidents[id] |= {"kind": kind, "name": name, "priority": priority}
            case IncidentClosed(id):
                self._since(self.incidents[id], "closed_ms", at_ms)
            case _:
                pass

    def _delivery(self, event: Event, at_ms: int) -> None:
        match event:
            case DispatchRaised(id, incident, agency, role):
                made = {"dispatch": id, "incident": incident, "agency": agency, "role": str(role)}
                self.deliveries[id] = {**made, "began": at_ms}
            case DispatchSent(id):
                self._since(self.deliveries[id], "sent_ms", at_ms)
            case DispatchDelivered(id, _, channel):
                self._since(self.deliveries[id], "delivered_ms", at_ms)
                self.deliveries[id]["channel"] = str(channel)
            case DispatchAcknowledged(id, _, _, by):
                self._since(self.deliveries[id], "acknowledged_ms", at_ms)
                self.deliveries[id]["by"] = by
            case _:
                pass

    @staticmethod
    def _since(of: dict[str, Any], name: str, at_ms: int) -> None:
        of.setdefault(name, at_ms - of["began"])


def _now_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


_SIGNALS = {
    Signal.OFF: "mati / off",
    Signal.STEADY: "menyala / steady",
    Signal.FAST: "berkedip cepat / fast flash",
    Signal.SLOW: "berkedip lambat / slow flash",
}


def _told(event: Event) -> str | None:
    """The line for `event`, None for one that tells a person nothing new."""
    return _told_of_call(event) or _told_of_incident(event)


def _told_of_call(event: Event) -> str | None:
    match event:
        case CallOffered(id, line, _, _, number):
            return f"T0 panggilan {id} di {line} / call on {line}: {number or '-'}"
        case CallIdentified(id, _, number):
            return f"   panggilan {id}: nomor / number {number}"
        case CallQueued(id):
            return f"T1 panggilan {id} antre / queued"
        case CallRinging(id, desks):
            return f"T2 panggilan {id} berdering di / rings at {', '.join(desks)}"
        case CallClaimed(id, desk, taker):
            return f"T2 panggilan {id} diambil di layar / taken on the screen: {taker} ({desk})"
        case CallAnswered(id, desk, taker):
            return f"T3 panggilan {id} dijawab / answered: {taker} ({desk})"
        case CallEnded(id, reason):
            return f"Te panggilan {id} berakhir / ended: {reason}"
        case RecordingStored(id, path, _, duration_ms):
            return f"   rekaman / recording {id}: {duration_ms / 1000:.1f} s {path}"
        case RecordingFailed(id, why):
            return f"   rekaman / recording {id} GAGAL / FAILED: {why}"
        case _:
            return None


def _told_of_incident(event: Event) -> str | None:
    match event:
        case IncidentVerified(id, by):
            return f"T4 kejadian {id} diverifikasi / verified: {by}"
        case IncidentClassified(id, kind, name, priority, _, place):
            return f"T5 kejadian {id}: {kind} {name}, prioritas {priority}, {place}"
        case DispatchRaised(id, _, agency, role):
            return f"T6 penugasan {id} -> {agency} ({role})"
        case DispatchDelivered(id, _, channel):
            return f"T7 penugasan {id} sampai / delivered ({channel})"
        case DispatchAcknowledged(id, _, _, by):
            return f"T8 penugasan {id} diterima / accepted: {by}"
        case DispatchEscalated(id, _, _, channel, to):
            return f"   penugasan {id} tidak dijawab / escalates: {channel} {to}"
        case IncidentClosed(id, by, outcome):
            return f"T12 kejadian {id} ditutup / closed: {outcome} ({by})"
        case TroubleRaised(part, why):
            return f"!! {part}: {why}"
        case TroubleCleared(part):
            return f"   {part}: pulih / works again"
        case _:
            return None
