// The lists around the call sheet: who waits, what is open, what the box itself says.

import { by, fill, rows, set, show, word } from "./dom.js";
import { allow } from "./ask.js";
import { moment } from "./times.js";

const SIGNS = {
  pending: "○", sent: "◔", delivered: "◑", acknowledged: "✓",
  refused: "✕", enroute: "➜", onscene: "◉", cleared: "■",
};

// In groups, as a person reads a number out.
export const grouped = (number) => number.replace(/^(\+62)(\d{3})(\d{4})(\d{2,6})$/, "$1 $2 $3 $4");

export function numberOf(call) {
  if (call.number) return grouped(call.number);
  return word(call.presentation === "withheld" ? "number_withheld" : "number_unavailable");
}

export function placeOf(location) {
  if (!location) return word("no_location");
  const metres = location.radius_m;
  const radius = metres ? word("radius", { metres }) : word("radius_unknown");
  const lat = location.lat.toFixed(5), lon = location.lon.toFixed(5);
  const source = word(`source_${location.source}`);
  const measured = word("source", { source, time: moment(location.utc_ms) });
  return `${word("location", { lat, lon, radius })}, ${measured}`;
}

export function stateOf(call) {
  const key = call.claimed ? "call_claimed" : `call_${call.state}`;
  return word(key, { taker: call.taker, desks: call.ringing.join(", ") });
}

// The call on its way to the phone of `desk`.
export const claimedBy = (world, desk) =>
  world.calls.find((call) => call.claimed && call.ringing.includes(desk));

export const busy = (world, desk) => Boolean(claimedBy(world, desk)) ||
  world.calls.some((call) => call.desk === desk && call.state === "answered");

export function drawBoards(world, site, desk) {
  const waiting = world.calls.filter((call) => call.waits);
  drawQueue(waiting, world, site, busy(world, desk));
  drawTalking(world.calls.filter((call) => !call.waits && call.desk !== desk));
  drawList("callbacks", world.callbacks, "t-callback", (row, callback) => fill(row, {
    number: grouped(callback.number), time: moment(callback.utc_ms), reason: word(`reason_${callback.reason}`),
  }));
  drawList("messages", world.messages, "t-message", (row, sms) => fill(row, {
    sender: grouped(sms.sender), time: moment(sms.utc_ms), text: sms.text,
    damaged: sms.damaged ? word("message_damaged") : "", line: word("line", { line: sms.line }),
  }));
  drawList("incidents", world.incidents, "t-incident", (row, it) => drawIncident(row, it, site));
  drawTroubles(world);
  drawLamps(world.levels);
  return waiting;
}

function drawList(id, items, template, update) {
  rows(by(id), items, template, update);
  show(by(`${id}-empty`), items.length === 0);
  set(by(`${id}-count`), items.length ? String(items.length) : "");
}

function drawQueue(waiting, world, site, taken) {
  drawList("queue", waiting, "t-call", (row, call) => {
    fill(row, {
      number: numberOf(call), timer: call.offered_ms, state: stateOf(call),
      line: word("line", { line: call.line }), location: placeOf(call.location),
    });
    row.dataset.state = call.claimed ? "claimed" : call.state;
    row.classList.toggle("late", world.now_ms - call.offered_ms >= site.answer_target_ms);
    allow(row.querySelector("[data-do]"), !call.claimed && !taken);
  });
}

function drawTalking(calls) {
  show(by("talking-part"), calls.length > 0);
  rows(by("talking"), calls, "t-talk", (row, call) => fill(row, {
    number: numberOf(call), timer: call.since_ms,
    state: `${word("call_answered_by", call)}, ${word(`call_${call.state}`)}`,
  }));
}

function drawIncident(row, incident, site) {
  fill(row, {
    priority: incident.priority ? `P${incident.priority}` : "",
    what: incident.kind ? `${incident.kind} ${incident.name}` : word("unclassified"),
    place: incident.place, state: word(`incident_${incident.state}`),
    id: word("case_incident", { incident: incident.id }),
    time: word("opened_at", { time: moment(incident.utc_ms) }),
  });
  row.dataset.call = incident.call;
  row.dataset.state = incident.state;
  row.dataset.priority = incident.priority;
  rows(row.querySelector(".dispatches"), incident.dispatches, "t-dispatch",
    (line, dispatch) => drawDispatch(line, dispatch, site));
}

function drawDispatch(line, dispatch, site) {
  const { state, by: person, reason, channel, rung } = dispatch;
  const informed = state === "delivered" && dispatch.role === "informational";
  const taken = ["acknowledged", "enroute", "onscene", "cleared"].includes(state);
  const refused = state === "refused";
  const name = word(informed ? "dispatch_informed" : `dispatch_${state}`, { by: person, reason });
  fill(line, {
    sign: SIGNS[state], role: word(`role_${dispatch.role}`),
    agency: site.agencies.find((agency) => agency.id === dispatch.agency)?.name ?? dispatch.agency,
    state: taken && person && state !== "acknowledged" ? `${name} — ${person}` : name,
    channel: channel && state !== "pending" ? `(${word(`channel_${channel}`)})` : "",
    timer: dispatch.must_answer ? dispatch.raised_ms : null,
    rung: rung && dispatch.must_answer ? word(`rung_${rung}`) : "",
    unreached: reason && !refused && !taken ? word("unreached", { why: reason }) : "",
  });
  line.dataset.state = state;
  line.dataset.agency = dispatch.agency;
  line.dataset.rung = rung;
  line.classList.toggle("waits", dispatch.must_answer);
}

function drawTroubles(world) {
  show(by("troubles"), world.troubles.length > 0);
  rows(by("troubles"), world.troubles, "t-trouble", (row, trouble) => {
    const time = moment(trouble.utc_ms);
    const state = trouble.active ? word("trouble_active", { time }) : word("trouble_gone");
    const seen = trouble.acknowledged ? `, ${word("trouble_seen")}` : "";
    fill(row, { part: trouble.id, state: state + seen, why: trouble.why });
    row.classList.toggle("new", !trouble.acknowledged);
  });
  const waiting = world.incidents.some((it) => it.dispatches.some((d) => d.must_answer));
  const unseen = world.troubles.some((trouble) => !trouble.acknowledged);
  allow(document.querySelector('[data-do="acknowledge-alarms"]'), waiting || unseen);
}

function drawLamps(levels) {
  for (const lamp of by("lamps").children) {
    const signal = levels[lamp.dataset.output];
    lamp.dataset.signal = signal;
    set(lamp.querySelector("small"), word(`signal_${signal}`));
  }
}
