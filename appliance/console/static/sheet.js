// The call sheet: one caller, from the first word to the agencies. What a person has typed belongs
// to the person: it is kept for each call, and no picture from the box ever writes over it.

import { by, clone, fill, rows, set, show, word } from "./dom.js";
import { allow } from "./ask.js";
import { claimedBy, grouped, numberOf, placeOf, stateOf } from "./boards.js";
import { label, usePicker } from "./picker.js";
import { since_ms, span } from "./times.js";

const RANK = { dispatched: 0, assisting: 1, informational: 2 };
const EMPTY = { kind: "", typed: "", priority: 0, place: "", narrative: "", agencies: {} };
const drafts = new Map();
let site = null;
let caller = null; // the id of the call whose sheet lies open
let call = null; // that call while the box has it open
let last = null; // what was known of that call while the box had it open
let mine = null; // the call that this desk has
let draft = { ...EMPTY };
let incident = null;

export const current = () => ({ caller, incident, mine, draft });

export function useSheet(table) {
  site = table;
  usePicker(site.kinds, onPick);
  for (const agency of site.agencies) {
    const row = clone("t-agency");
    row.dataset.key = agency.id;
    fill(row, { name: agency.name, told: "" });
    by("agencies").append(row);
  }
  for (const event of ["input", "change"]) by("report").addEventListener(event, read);
  by("report").addEventListener("submit", (event) => event.preventDefault());
}

function onPick(kind) {
  draft.kind = kind?.code ?? "";
  if (!kind) return;
  by("priority").value = String(kind.priority);
  propose(kind.proposal);
  read();
  by("place").focus();
}

// Tick the agencies that the routing table proposes, and put them first.
function propose(proposal) {
  const order = (row) => RANK[proposal[row.dataset.key]] ?? 9;
  const choices = [...by("agencies").children].sort((a, b) => order(a) - order(b));
  for (const row of choices) {
    const role = proposal[row.dataset.key];
    row.querySelector("input").checked = Boolean(role);
    row.querySelector("select").value = role ?? "assisting";
  }
  by("agencies").append(...choices);
}

// The draft is what the fields hold.
function read() {
  const typed = by("kind").value;
  const agencies = {};
  for (const row of by("agencies").children) {
    const box = row.querySelector("input");
    if (box.checked && !box.disabled) agencies[row.dataset.key] = row.querySelector("select").value;
  }
  const [priority, place, narrative] = ["priority", "place", "narrative"].map((id) => by(id).value);
  draft = { kind: draft.kind, typed, priority: Number(priority), place, narrative, agencies };
  if (caller !== null) drafts.set(caller, draft);
  drawBar();
}

function write(from) {
  draft = { ...from };
  by("kind").value = draft.typed;
  by("priority").value = String(draft.priority);
  by("place").value = draft.place;
  by("narrative").value = draft.narrative;
  propose(draft.agencies);
}

function filled({ kind, name, priority, place, narrative, dispatches }) {
  const agencies = dispatches.length ? {} : (kindOf(kind)?.proposal ?? {});
  return { kind, typed: label({ code: kind, name }), priority, place, narrative, agencies };
}

const kindOf = (code) => site.kinds.find((kind) => kind.code === code);

export function openSheet(id, world) {
  caller = id;
  last = null;
  const known = world.incidents.find((one) => one.call === id);
  write(drafts.get(id) ?? (known?.kind ? filled(known) : EMPTY));
}

export function leaveSheet() {
  drafts.delete(caller);
  caller = call = last = incident = null;
  write(EMPTY);
}

// A new call opens its own sheet. Who was typing for another one must not go on in this one's words.
function takeCall(id, world) {
  const typing = by("report").contains(document.activeElement);
  openSheet(id, world);
  if (typing) by("kind").focus();
}

export function drawSheet(world, desk) {
  const held = desk ? world.calls.find((call) => call.desk === desk) : null;
  if (held && held.id !== mine) takeCall(held.id, world);
  mine = held?.id ?? null;
  call = world.calls.find((one) => one.id === caller) ?? null;
  const ended = incident !== null && incident.call === caller;
  incident = world.incidents.find((one) => one.call === caller) ?? null;
  if (call) last = call;
  const gone = caller !== null && !call && !incident;
  // Words that nobody has saved stay on the screen even when the call they belong to is filed.
  if (gone && (ended || !(draft.place || draft.narrative || draft.typed))) leaveSheet();
  show(by("case-none"), caller === null);
  const coming = claimedBy(world, desk);
  set(by("case-none-title"), coming ? word("case_coming", { call: coming.id }) : word("case_none"));
  show(by("case-none-hint"), !coming);
  show(by("case-sheet"), caller !== null);
  if (caller !== null) {
    drawHead(gone);
    drawWrapUp();
    drawEarlier(world);
    drawSteps();
    drawTold();
  }
  drawBar();
}

function drawHead(gone) {
  const names = word("case_call", { call: caller });
  const number = last ? numberOf(last) : (grouped(incident?.number ?? "") || word("number_unavailable"));
  fill(by("case-head"), {
    names: incident ? `${names} · ${word("case_incident", { incident: incident.id })}` : names,
    state: call ? stateOf(call) : word("case_filed"),
    timer: call?.since_ms ?? null,
    number,
    line: last ? word("line", { line: last.line }) : "",
    place: placeOf(last?.location ?? incident?.location),
  });
  by("case-head").dataset.state = call?.state ?? "filed";
  show(by("case-gone"), gone);
  show(by("report"), !gone);
  const own = call !== null && call.id === mine;
  show(by("case-head").querySelector('[data-do="end-call"]'), own && call.state === "answered");
  show(by("case-head").querySelector('[data-do="leave-case"]'), !own);
  show(by("case-head").querySelector('[data-do="to-mine"]'), mine !== null && mine !== caller);
}

function drawWrapUp() {
  const wraps = call?.state === "wrapup" && call.id === mine;
  show(by("wrap-up"), wraps);
  by("wrap-up").dataset.until = wraps ? call.since_ms : "";
  tickSheet();
}

export function tickSheet() {
  const since = by("wrap-up").dataset.until;
  if (!since) return;
  const left = span(Math.max(0, site.wrap_up_ms - since_ms(Number(since))));
  set(by("wrap-up-left"), word("wrap_up", { left }));
}

function drawEarlier(world) {
  const number = last?.number || incident?.number;
  const same = world.incidents.filter((it) => number && it.number === number && it.call !== caller);
  show(by("earlier-part"), same.length > 0);
  rows(by("earlier"), same, "t-earlier", (row, it) => {
    row.dataset.call = it.call;
    const what = it.kind ? `${it.kind} ${it.name}, ${it.place}` : word("unclassified");
    fill(row, { what: `${what} (${word(`incident_${it.state}`)})` });
  });
}

function drawSteps() {
  const verified = Boolean(incident?.verified_by), classified = Boolean(incident?.kind);
  set(by("verified"), verified ? word("verified", { by: incident.verified_by }) : word("unverified"));
  set(by("classified"), classified ? word("classified", incident) : word("unclassified"));
  by("verified").classList.toggle("done", verified);
  by("classified").classList.toggle("done", classified);
}

function drawTold() {
  const told = new Set(incident?.dispatches.map((dispatch) => dispatch.agency));
  for (const row of by("agencies").children) {
    const yes = told.has(row.dataset.key);
    row.querySelector("input").disabled = row.querySelector("select").disabled = yes;
    fill(row, { told: yes ? word("agency_told") : "" });
    row.classList.toggle("told", yes);
    if (yes) row.querySelector("input").checked = false;
    if (yes) delete draft.agencies[row.dataset.key];
  }
}

// Whether the fields say what the box has written down: only that may be sent to agencies.
const saved = () => incident?.kind === draft.kind && incident.priority === Number(draft.priority) &&
  incident.place === draft.place.trim() && incident.narrative === draft.narrative.trim();

function drawBar() {
  const count = Object.keys(draft.agencies).length;
  const open = call !== null && !call.waits;
  const urgent = kindOf(draft.kind)?.priority === 1 && Number(draft.priority) === 1;
  const button = (name) => by("bar").querySelector(`[data-do="${name}"]`);
  set(by("agencies-count"), count ? word("agencies_count", { count }) : "");
  set(button("dispatch").querySelector("span"),
    count ? word("dispatch_count", { count }) : word("dispatch"));
  show(by("unsaved"), Boolean(incident?.kind) && !saved());
  allow(button("verify"), incident ? !incident.verified_by : open);
  allow(button("classify"), Boolean(incident) && !saved());
  allow(button("dispatch"), count > 0 && Boolean(saved()));
  allow(button("dispatch-at-once"), urgent && count > 0 && !saved() && draft.place.trim() !== "" &&
    (open || Boolean(incident)));
}
