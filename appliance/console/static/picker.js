// Choosing the kind of incident by typing: WAI-ARIA combobox with a list, grouped by code prefix.

import { by, set, show, word } from "./dom.js";

let kinds = [];
let active = -1;
let picked = () => {};

export function usePicker(table, onPick) {
  kinds = table;
  picked = onPick;
  const field = by("kind");
  field.addEventListener("input", () => { picked(null); list(field.value); });
  field.addEventListener("focus", () => { field.select(); if (!chosen()) list(field.value); });
  field.addEventListener("click", () => list(chosen() ? "" : field.value));
  field.addEventListener("blur", close);
  field.addEventListener("keydown", onKey);
  by("kinds").addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("[role=option]");
    if (option) pick(option.dataset.code);
  });
}

export const label = (kind) => (kind ? `${kind.code} ${kind.name}` : "");
const chosen = () => kinds.some((kind) => label(kind) === by("kind").value);
const options = () => [...by("kinds").querySelectorAll("[role=option]")];

function list(typed) {
  const parts = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = kinds.filter((kind) => parts.every((p) => label(kind).toLowerCase().includes(p)));
  const rows = [];
  for (const [i, kind] of found.entries()) {
    const group = kind.code.split("-")[0];
    if (found[i - 1]?.code.split("-")[0] !== group) rows.push(item(group, "group", "presentation"));
    rows.push(option(kind));
  }
  by("kinds").replaceChildren(...(rows.length ? rows : [item(word("kind_none"), "group", "presentation")]));
  show(by("kinds"), true);
  by("kind").setAttribute("aria-expanded", "true");
  light(found.length ? 0 : -1);
}

function item(text, style, role) {
  const made = document.createElement("li");
  made.className = style;
  made.setAttribute("role", role);
  set(made, text);
  return made;
}

function option(kind) {
  const made = item(`P${kind.priority}  ${label(kind)}`, "kind", "option");
  made.id = `kind-${kind.code}`;
  made.dataset.code = kind.code;
  made.dataset.priority = kind.priority;
  return made;
}

function light(index) {
  active = index;
  for (const [i, option] of options().entries()) {
    option.setAttribute("aria-selected", String(i === index));
    if (i === index) {
      option.scrollIntoView({ block: "nearest" });
      by("kind").setAttribute("aria-activedescendant", option.id);
    }
  }
}

function close() {
  show(by("kinds"), false);
  by("kind").setAttribute("aria-expanded", "false");
  by("kind").removeAttribute("aria-activedescendant");
}

function pick(code) {
  const kind = kinds.find((one) => one.code === code);
  by("kind").value = label(kind);
  close();
  picked(kind);
}

function onKey(event) {
  const open = !by("kinds").hidden;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!open) return list("");
    const count = options().length;
    if (count) light((active + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
  } else if (event.key === "Enter" && open) {
    event.preventDefault();
    const option = options()[active];
    if (option) pick(option.dataset.code);
  } else if (event.key === "Escape" && open) {
    event.stopPropagation();
    close();
  }
}
