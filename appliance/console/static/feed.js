// The live picture. A page that hears nothing for a while says so: a frozen screen never looks alive.

import { by, show } from "./dom.js";
import { hear, silence_ms } from "./times.js";

const STALE_MS = 20000; // the box sends a picture every 15 s at least
const AGAIN_MS = 2000;

let source = null;
let open = false;

export const linked = () => open && silence_ms() < STALE_MS;

export function follow(onWorld, onLink) {
  source?.close();
  source = new EventSource("/live");
  source.addEventListener("world", (event) => {
    const world = JSON.parse(event.data);
    hear(world);
    open = true;
    by("lost").dataset.why = "lost";
    onWorld(world);
  });
  source.onerror = () => {
    open = false;
    onLink();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => retry(onWorld, onLink), AGAIN_MS);
  };
}

async function retry(onWorld, onLink) {
  const answer = await fetch("/site").catch(() => null);
  by("lost").dataset.why = answer?.status === 401 ? "locked_out" : "lost";
  onLink();
  follow(onWorld, onLink);
}

let watched = 0;

export function watch(onWorld, onLink) {
  if (open && silence_ms() >= STALE_MS && Date.now() - watched > STALE_MS) {
    watched = Date.now();
    open = false;
    follow(onWorld, onLink); // the connection looks open and is dead
  }
  show(by("lost"), !linked());
  document.body.dataset.link = linked() ? "live" : "lost";
}
