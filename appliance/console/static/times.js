// Moments and how long ago they were, by the box's clock counted on by the browser's.

import { by, now, set, show, word, spoken } from "./dom.js";

let zone = { zone: "UTC", zone_short: "UTC" };
let formats = {};
let box = { now_ms: 0, utc_ms: 0, clock: "synced" };
let heard = 0;

export function useZone(site) {
  zone = site;
  const shared = { timeZone: zone.zone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" };
  formats = {
    time: new Intl.DateTimeFormat("en-GB", { ...shared, second: "2-digit" }),
    day: new Intl.DateTimeFormat("en-CA", { timeZone: zone.zone }),
    date: new Intl.DateTimeFormat("id-ID", { timeZone: zone.zone, day: "numeric", month: "numeric" }),
  };
}

export function hear(world) {
  box = world;
  heard = now();
}

export const silence_ms = () => now() - heard;
const utc_ms = () => box.utc_ms + silence_ms();

export const since_ms = (moment) => Math.max(0, box.now_ms + silence_ms() - moment);

export function span(ms) {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// A moment with its zone; with the day too when that is not today.
export function moment(ms) {
  const time = `${formats.time.format(ms)} ${zone.zone_short}`;
  const today = formats.day.format(ms) === formats.day.format(utc_ms());
  return today ? time : `${formats.date.format(ms)} ${time}`;
}

function count() {
  for (const at of document.querySelectorAll("[data-since]")) {
    if (at.dataset.since !== "") set(at, span(since_ms(Number(at.dataset.since))));
  }
}

// Without the box nothing counts on but the age of the picture.
export function tick(linked) {
  if (linked) count();
  set(by("clock"), linked ? moment(utc_ms()) : "--:--:--");
  show(by("clock-quality"), box.clock !== "synced");
  set(by("clock-quality"), box.clock === "synced" ? "" : word(`clock_${box.clock}`));
  const age = `${Math.floor(silence_ms() / 1000)} ${spoken() === "en" ? "s" : "d"}`;
  set(by("updated"), linked ? word("updated", { age }) : "");
  set(by("lost"), word(by("lost").dataset.why ?? "lost", { age }));
}
