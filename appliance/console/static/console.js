// The call taker's page: the live picture in, what the person does out.

import { allow, answer, ask, askAs, enable } from "./ask.js";
import { busy, drawBoards, numberOf } from "./boards.js";
import { by, set, speak, spoken, useWords, word } from "./dom.js";
import { follow, linked, watch } from "./feed.js";
import { useKeys } from "./keys.js";
import { current, drawSheet, leaveSheet, openSheet, tickSheet, useSheet } from "./sheet.js";
import { announce, drawSound, useSound } from "./sound.js";
import { tick, useZone } from "./times.js";

const AGAIN_MS = 2000;
const site = await load();
let me = JSON.parse(sessionStorage.getItem("me") ?? "{}"); // this tab's desk and call taker
let world = null;
let ending = null; // the incident whose close or cancel dialogue is open

// What the page needs before it can speak; until then it says that it is connecting.
async function load() {
  for (;;) {
    const answer = await fetch("/site").catch(() => null);
    if (answer?.ok) return answer.json();
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

const idOf = (button) => Number(button.closest("[data-key]").dataset.key);
const sitting = () => world !== null && Boolean(me.desk) && world.desks[me.desk] === me.taker;

function draw(latest) {
  world = latest;
  const waiting = drawBoards(world, site, me.desk);
  const next = waiting.find((call) => !call.claimed);
  const button = by("bar").querySelector('[data-do="answer-next"]');
  allow(button, Boolean(next) && !busy(world, me.desk));
  button.dataset.next = next?.id ?? "";
  for (const call of announce(waiting)) set(by("news"), word("new_call", { number: numberOf(call) }));
  drawSheet(world, sitting() ? me.desk : "");
  allow(document.querySelector('[data-do="sign-out"]'), current().mine === null);
  set(by("who"), sitting() ? `${me.desk}\n${me.taker}` : "");
  drawSound();
  check();
  if (!sitting() && !by("sign-in").open) greet();
}

function check() {
  watch(draw, check);
  tick(linked());
  tickSheet();
  enable();
}

function nameDesks() {
  const chosen = by("desk").value;
  by("desk").replaceChildren(...site.desks.map((desk) => {
    const taker = world.desks[desk];
    return new Option(`${desk} (${taker ? word("desk_taken", { taker }) : word("desk_free")})`, desk);
  }));
  if (chosen) by("desk").value = chosen;
}

function greet() {
  nameDesks();
  const free = site.desks.find((desk) => !world.desks[desk]);
  by("desk").value = me.desk ?? free ?? site.desks[0];
  by("taker").value = me.taker ?? "";
  answer(by("desk"), "");
  by("sign-in").showModal();
  by("taker").focus();
}

async function signIn(button) {
  const asked = { desk: by("desk").value, taker: by("taker").value.trim() };
  if (!(await ask(button, "sign-in", asked))) return;
  me = asked;
  sessionStorage.setItem("me", JSON.stringify(me));
  by("sign-in").close();
  // The box's own picture may have come before its answer.
  draw({ ...world, desks: { ...world.desks, [me.desk]: me.taker } });
}

function askEnding(action, button) {
  ending = { action, incident: idOf(button) };
  const cancels = action === "cancel-incident";
  set(by("ending-title"), word(cancels ? "cancel_title" : "close_title", ending));
  set(by("ending-label"), word(cancels ? "cancel_reason" : "outcome"));
  set(by("ending-word"), word(cancels ? "cancel_incident" : "close_incident"));
  by("ending-text").value = "";
  answer(by("ending-text"), "");
  by("ending").showModal();
}

async function endIncident(button) {
  const fields = { incident: ending.incident, text: by("ending-text").value };
  if (await ask(button, ending.action, fields)) by("ending").close();
}

function report() {
  const { kind, place, narrative, priority } = current().draft;
  return { kind, place, narrative, priority };
}

async function verify(button) {
  const { caller, incident } = current();
  const done = await ask(button, "verify", incident ? { incident: incident.id } : { call: caller });
  if (done && !document.activeElement.matches("input, textarea, select")) by("kind").focus();
}

async function classify(button) {
  if (!current().draft.kind) {
    by("kind").focus();
    return answer(button, word("choose_kind"));
  }
  await ask(button, "classify", { incident: current().incident.id, ...report() });
}

const DO = {
  "sign-in": signIn,
  "sign-out": (button) => ask(button, "sign-out"),
  answer: (button) => ask(button, "answer", { call: idOf(button) }),
  "answer-next": (button) => ask(button, "answer", { call: Number(button.dataset.next) }),
  "end-call": (button) => ask(button, "end-call", { call: current().mine }),
  "file-call": (button) =>
    ask(button, "file-call", { call: current().mine, disposition: button.dataset.disposition }),
  verify,
  classify,
  dispatch: (button) => ask(button, "dispatch",
    { incident: current().incident.id, agencies: current().draft.agencies }),
  "dispatch-at-once": (button) => ask(button, "dispatch-at-once",
    { call: current().caller, agencies: current().draft.agencies, ...report() }),
  "open-case": (button) => {
    openSheet(Number(button.closest("[data-call]").dataset.call), world);
    draw(world);
    by("case").focus();
  },
  "to-mine": () => { openSheet(current().mine, world); draw(world); },
  "leave-case": () => { leaveSheet(); draw(world); },
  "close-incident": (button) => askEnding("close-incident", button),
  "cancel-incident": (button) => askEnding("cancel-incident", button),
  "end-incident": endIncident,
  "close-callback": (button) => ask(button, "close-callback", { callback: idOf(button) }),
  "read-sms": (button) => ask(button, "read-sms", { sms: idOf(button) }),
  "acknowledge-alarms": (button) => ask(button, "acknowledge-alarms"),
  shut: (button) => button.closest("dialog").close(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && button.type !== "submit") DO[button.dataset.do](button);
});
for (const form of [by("sign-in-form"), by("ending-form")]) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    DO[button.dataset.do](button);
  });
}
by("sign-in").addEventListener("cancel", (event) => event.preventDefault());
by("help-button").addEventListener("click", () => by("help").showModal());
for (const button of document.querySelectorAll(".language")) {
  button.addEventListener("click", () => {
    speak(spoken() === "en" ? "id" : "en");
    if (world) draw(world);
    if (by("sign-in").open) nameDesks();
  });
}

useWords(site.words);
useZone(site);
askAs(() => me);
useSheet(site);
useSound();
useKeys(check);
follow(draw, check);
setInterval(check, 1000);
