// Buttons: what a person asks, and what the box answers, shown beside the button.

import { set, word } from "./dom.js";
import { linked } from "./feed.js";

const PATIENCE_MS = 10000;
let who = () => ({});

export function askAs(identity) {
  who = identity;
}

export function answer(near, text) {
  set(near.closest("[data-answers]").querySelector(".answer"), text);
}

// Return whether the box has done it.
export async function ask(button, action, fields = {}) {
  if (button.dataset.busy) return false;
  answer(button, "");
  button.dataset.busy = "yes";
  enable();
  try {
    const response = await fetch(`/do/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Siaga": "console" },
      body: JSON.stringify({ desk: who().desk ?? "", ...fields }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.ok) return true;
    const told = await response.json().catch(() => ({}));
    answer(button, told.message ?? word("failed", { status: response.status }));
  } catch {
    answer(button, word("unsure"));
  } finally {
    delete button.dataset.busy;
    enable();
  }
  return false;
}

export function allow(button, yes) {
  button.dataset.allowed = yes ? "yes" : "no";
}

export function enable() {
  for (const button of document.querySelectorAll("button[data-do]:not([data-offline])")) {
    const off = !linked() || button.dataset.allowed === "no" || Boolean(button.dataset.busy);
    if (button.disabled !== off) button.disabled = off;
  }
}

// A shortcut is the button: if the button may not be pressed, say why.
export function press(button) {
  if (!button) return;
  const seen = button.checkVisibility();
  if (seen && !button.disabled) button.click();
  else if (linked() && button.dataset.why) answer(button, word(button.dataset.why));
}
