// Everything by keyboard. Function keys work everywhere; letters only while no field has the focus.

import { by } from "./dom.js";
import { press } from "./ask.js";

const doing = (name, within = document) => within.querySelector(`[data-do="${name}"]`);
const KEYS = {
  F2: () => doing("answer-next"),
  "Shift+F2": () => doing("end-call"),
  F4: () => doing("verify"),
  F8: () => doing("classify"),
  F9: () => doing("dispatch"),
  "Shift+F9": () => doing("dispatch-at-once"),
};
const LETTERS = {
  a: () => doing("acknowledge-alarms"),
  m: () => by("sound"),
  "?": () => by("help-button"),
};

export function useKeys(check) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const name = (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + event.key;
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && typing) return event.target.blur();
    const key = KEYS[name] ?? (typing ? null : LETTERS[event.key.toLowerCase()] ?? digit(event.key));
    if (!key) return;
    event.preventDefault();
    if (event.repeat) return;
    check();
    press(key());
  });
}

function digit(key) {
  const buttons = [...by("wrap-up").querySelectorAll("button")];
  return !by("wrap-up").hidden && buttons[Number(key) - 1] ? () => buttons[Number(key) - 1] : null;
}
