"""What is done with a report: verify, classify, alert every agency at once, hear them, close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from appliance.domain.events import (
    Channel,
    DispatchAcknowledged,
    DispatchAdvanced,
    DispatchDelivered,
    DispatchEscalated,
    DispatchRaised,
    DispatchRefused,
    DispatchSent,
    DispatchState,
    DispatchUnreached,
    Event,
    IncidentCancelled,
    IncidentClassified,
    IncidentClosed,
    IncidentLocated,
    IncidentOpened,
    IncidentVerified,
)
from appliance.domain.incidents import Dispatch as Raised
from appliance.domain.incidents import Incident
from appliance.domain.procedures.escalation import SMS_RUNG
from appliance.domain.requests import (
    AlertTaken,
    CancelIncident,
    Classify,
    CloseIncident,
    Dispatch,
    DispatchAtOnce,
    IncidentInput,
    LocateIncident,
    Receipt,
    Refused,
    Verify,
    VerifyIncident,
)
from appliance.domain.routing import Kind, Role
from appliance.domain.rules import Rules
from appliance.domain.world import World

Agencies = tuple[tuple[str, Role], ...]


def decide(world: World, given: IncidentInput, rules: Rules) -> list[Event]:
    match given:
        case Verify(call, by):
            return _verify(world, call, by)
        case VerifyIncident(id, by):
            incident = _open(world, id)
            return [] if incident.verified_by else [IncidentVerified(id, by)]
        case Classify(id, kind, place, narrative, by, priority):
            incident = _open(world, id)
            return [_classified(incident.id, kind, place, narrative, by, priority, rules)]
        case LocateIncident(id, location):
            return [IncidentLocated(_open(world, id).id, location)]
        case Dispatch(id, agencies, by):
            return _dispatch(world, _open(world, id), agencies, by, rules)
        case DispatchAtOnce():
            return _at_once(world, given, rules)
        case Receipt():
            return _receipt(world, given)
        case AlertTaken():
            return _taken(world, given, rules)
        case CloseIncident(id, outcome, by):
            return _close(_open(world, id), outcome, by)
        case CancelIncident(id, reason, by):
            return [IncidentCancelled(_open(world, id).id, by, reason)]
        case _:
            assert_never(given)


def _open(world: World, id: int) -> Incident:
    incident = world.incidents.get(id)
    if incident is None:
        raise Refused(f"kejadian {id} tidak terbuka", f"incident {id} is not open")
    return incident


def _verify(world: World, call: int, by: str) -> list[Event]:
    incident = world.incident_of(call)
    if incident is None:
        opened = _opened(world, call)
        return [opened, IncidentVerified(opened.incident, by)]
    return [] if incident.verified_by else [IncidentVerified(incident.id, by)]


def _opened(world: World, id: int) -> IncidentOpened:
    call = world.calls.get(id)
    if call is None:
        raise Refused(f"panggilan {id} sudah tidak ada", f"call {id} is no longer there")
    if call.waits:
        raise Refused(f"panggilan {id} belum dijawab", f"call {id} has not been answered")
    return IncidentOpened(world.seq + 1, id, call.line, call.number, call.location)


def _classified(
    incident: int, code: str, place: str, narrative: str, by: str, priority: int, rules: Rules
) -> IncidentClassified:
    kind = _kind(code, rules)
    if not 0 <= priority <= 5:
        raise Refused("prioritas harus 1 sampai 5", "priority must be from 1 to 5")
    if not place.strip():
        raise Refused("tulis tempat kejadian", "write where it happened")
    return IncidentClassified(
        incident,
        kind.code,
        kind.name,
        priority or kind.priority,
        kind.cap,
        place.strip(),
        narrative.strip(),
        by,
        rules.routing.version,
    )


def _kind(code: str, rules: Rules) -> Kind:
    kind = rules.routing.kinds.get(code)
    if kind is None:
        raise Refused(f"tidak ada jenis kejadian {code}", f"there is no incident kind {code}")
    return kind


def _at_once(world: World, given: DispatchAtOnce, rules: Rules) -> list[Event]:
    incident = world.incident_of(given.call)
    opened = [] if incident else [_opened(world, given.call)]
    id = incident.id if incident else opened[0].incident
    classified = _classified(id, given.kind, given.place, given.narrative, given.by, 0, rules)
    agencies = given.agencies or _kind(given.kind, rules).proposal()
    events: list[Event] = [*opened, classified]
    told = {d.agency for d in incident.dispatches.values()} if incident else set()
    raised = _raised(world.seq + len(events), id, agencies, told, given.by, rules)
    return [*events, *raised]


def _dispatch(
    world: World, incident: Incident, agencies: Agencies, by: str, rules: Rules
) -> list[Event]:
    if not incident.kind:
        raise Refused(
            f"kejadian {incident.id} belum diklasifikasi; pilih jenisnya dahulu",
            f"incident {incident.id} is not classified; choose its kind first",
        )
    proposal = agencies or _kind(incident.kind, rules).proposal()
    told = {d.agency for d in incident.dispatches.values()}
    return [*_raised(world.seq, incident.id, proposal, told, by, rules)]


def _raised(
    seq: int, incident: int, agencies: Agencies, told: set[str], by: str, rules: Rules
) -> list[DispatchRaised]:
    """One dispatch for each agency not told before, all in one transaction."""
    unknown = [agency for agency, _ in agencies if agency not in rules.agencies]
    if unknown:
        names = ", ".join(unknown)
        raise Refused(f"tidak ada instansi {names}", f"there is no agency {names}")
    roles: Mapping[str, Role] = {agency: role for agency, role in reversed(agencies)}
    new = [agency for agency in dict.fromkeys(a for a, _ in agencies) if agency not in told]
    if not new:
        raise Refused(
            "semua instansi itu sudah diberi tahu", "all of those agencies have been alerted"
        )
    return [
        DispatchRaised(seq + n, incident, agency, roles[agency], by)
        for n, agency in enumerate(new, 1)
    ]


def _receipt(world: World, given: Receipt) -> list[Event]:
    incident, dispatch = _dispatched(world, given)
    id, to = dispatch.id, incident.id
    match given.status:
        case "received" | "read":
            new = dispatch.state.rank < DispatchState.DELIVERED.rank
            return [DispatchDelivered(id, to, given.channel)] if new else []
        case "accepted":
            again = dispatch.state.taken and dispatch.state is not DispatchState.REFUSED
            return [] if again else [DispatchAcknowledged(id, to, given.channel, _person(given))]
        case "rejected":
            if dispatch.state.taken:
                return []
            return [DispatchRefused(id, to, given.channel, _person(given), given.reason)]
        case "enroute" | "onscene" | "done":
            return _advanced(incident, dispatch, given)
        case _:
            raise Refused(
                f'status "{given.status}" tidak dikenal', f'there is no status "{given.status}"'
            )


def _dispatched(world: World, given: Receipt) -> tuple[Incident, Raised]:
    found = world.dispatch(given.dispatch)
    if found is None:
        raise Refused(
            f"penugasan {given.dispatch} tidak terbuka", f"dispatch {given.dispatch} is not open"
        )
    if found[1].agency != given.agency:
        raise Refused(
            f"penugasan {given.dispatch} bukan untuk {given.agency}",
            f"dispatch {given.dispatch} is not for {given.agency}",
        )
    return found


def _person(given: Receipt) -> str:
    if not given.by.strip():
        raise Refused("tulis nama yang menerima", "write the name of who accepts")
    return given.by.strip()


_ADVANCE = {
    "enroute": DispatchState.ENROUTE,
    "onscene": DispatchState.ONSCENE,
    "done": DispatchState.CLEARED,
}


def _advanced(incident: Incident, dispatch: Raised, given: Receipt) -> list[Event]:
    state = _ADVANCE[given.status]
    if dispatch.state.rank >= state.rank:
        return []
    return [DispatchAdvanced(dispatch.id, incident.id, state, given.by.strip())]


def _taken(world: World, given: AlertTaken, rules: Rules) -> list[Event]:
    found = world.dispatch(given.dispatch)
    if found is None:
        return []  # the incident is closed; nobody waits for this any more
    incident, dispatch = found
    if given.reached:
        new = dispatch.state is DispatchState.PENDING or given.channel is not Channel.MQTT
        return [DispatchSent(dispatch.id, incident.id, given.channel)] if new else []
    if dispatch.reason or dispatch.state.taken:
        return []
    why = "tidak ada yang berlangganan / nobody is subscribed"
    unreached = DispatchUnreached(dispatch.id, incident.id, given.channel, why)
    phones = rules.agencies[dispatch.agency].phones if dispatch.agency in rules.agencies else ()
    if dispatch.rung >= SMS_RUNG or not phones or not rules.modems:
        return [unreached]
    escalated = DispatchEscalated(dispatch.id, incident.id, SMS_RUNG, Channel.SMS, phones[0])
    return [unreached, escalated]


def _close(incident: Incident, outcome: str, by: str) -> list[Event]:
    waiting = sorted(d.agency for d in incident.dispatches.values() if d.must_answer)
    if waiting:
        names = ", ".join(waiting)
        raise Refused(f"belum diterima oleh {names}", f"not yet acknowledged by {names}")
    return [IncidentClosed(incident.id, by, outcome)]
