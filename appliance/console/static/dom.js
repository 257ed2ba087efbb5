// Small keyed patches of the page: text only, never HTML, so that nothing a caller sends can act.

let words = {};
let language = document.documentElement.lang;

export const by = (id) => document.getElementById(id);
export const now = () => performance.now();

export function useWords(catalogue) {
  words = catalogue;
}

export function word(key, slots = {}) {
  const text = words[key]?.[language === "en" ? 1 : 0] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, slot) => slots[slot] ?? "");
}

export const spoken = () => language;

export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.cookie = `language=${chosen}; path=/; max-age=31536000; samesite=strict`;
  document.title = word("title");
  translate(document);
}

function translate(part) {
  for (const at of part.querySelectorAll("[data-word]")) set(at, word(at.dataset.word));
  for (const at of part.querySelectorAll("[data-word-hint]")) at.placeholder = word(at.dataset.wordHint);
  for (const at of part.querySelectorAll("[data-word-label]")) at.setAttribute("aria-label", word(at.dataset.wordLabel));
}

export function set(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

export function show(at, yes) {
  if (at.hidden === yes) at.hidden = !yes;
}

// Fields with nothing to say are hidden; a moment (`timer`) counts by itself, see times.js.
export function fill(at, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = at.querySelector(`[data-f="${name}"]`);
    if (name === "timer") field.dataset.since = value ?? "";
    else set(field, value);
    show(field, value !== "" && value !== null);
  }
}

export function clone(template) {
  const made = by(template).content.firstElementChild.cloneNode(true);
  translate(made);
  return made;
}

// Make the rows of `list` those of `items`; a row that stays is the same element, focus and all.
export function rows(list, items, template, update) {
  const focused = document.activeElement;
  const keep = new Set(items.map((item) => String(item.id)));
  const old = new Map();
  for (const row of [...list.children]) {
    if (keep.has(row.dataset.key)) old.set(row.dataset.key, row);
    else row.remove();
  }
  let at = list.firstElementChild;
  for (const item of items) {
    const row = old.get(String(item.id)) ?? clone(template);
    row.dataset.key = item.id;
    if (row === at) at = at.nextElementSibling;
    else list.insertBefore(row, at);
    update(row, item);
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus();
}
