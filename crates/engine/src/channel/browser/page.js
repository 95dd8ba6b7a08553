// What runs in the page: finding elements as people name them, and doing one thing to one of them in the
// same moment in which everything it rests on was checked. Called as a function body with the name of a
// function below and its argument; whatever it answers is a plain value.
//
// A press is made here and not by the driver's own pointer, because between the driver's look and its
// press a list may sort itself anew. A script runs to its end before the page can change.
"use strict";

const squash = (text) => text.normalize("NFC").replace(/\s+/gu, " ").trim();

// Roles that elements have without saying so (HTML-AAM), as far as steps can name them.
const ROLE_OF = {
  ARTICLE: "article", ASIDE: "complementary", BUTTON: "button", DIALOG: "dialog", H1: "heading",
  H2: "heading", H3: "heading", H4: "heading", H5: "heading", H6: "heading", LI: "listitem",
  MAIN: "main", MENU: "list", NAV: "navigation", OL: "list", OPTION: "option", OUTPUT: "status",
  TABLE: "table", TD: "cell", TEXTAREA: "textbox", TR: "row", UL: "list",
};
const ROLE_OF_INPUT = {
  button: "button", checkbox: "checkbox", email: "textbox", image: "button", number: "spinbutton",
  radio: "radio", range: "slider", reset: "button", search: "searchbox", submit: "button",
  tel: "textbox", text: "textbox", url: "textbox",
};
// Roles whose name is what stands in them.
const NAMED_BY_CONTENT = new Set([
  "button", "cell", "checkbox", "columnheader", "gridcell", "heading", "link", "listitem", "menuitem",
  "menuitemradio", "option", "radio", "row", "rowheader", "switch", "tab",
]);

function roleOf(element) {
  const said = (element.getAttribute("role") || "").trim().split(/\s+/)[0];
  if (said) return said;
  const tag = element.tagName;
  if (tag === "A" || tag === "AREA") return element.hasAttribute("href") ? "link" : "";
  if (tag === "INPUT") return ROLE_OF_INPUT[(element.getAttribute("type") || "text").toLowerCase()] || "";
  if (tag === "SELECT") return element.multiple || element.size > 1 ? "listbox" : "combobox";
  if (tag === "TH") return element.getAttribute("scope") === "row" ? "rowheader" : "columnheader";
  if (tag === "SECTION") return nameOf(element, "region") ? "region" : "";
  return ROLE_OF[tag] || "";
}

function isShown(element) {
  if (element.closest("[aria-hidden=true], [inert]")) return false;
  return element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && element.getClientRects().length > 0;
}

// The lines that people read in an element, as they are written and not as styles spell them.
function linesOf(element) {
  const lines = [""];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { lines[lines.length - 1] += node.data; return; }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.getAttribute("aria-hidden") === "true" || !node.checkVisibility({ visibilityProperty: true })) return;
    if (["SCRIPT", "STYLE", "SELECT", "TEXTAREA", "IFRAME"].includes(node.tagName)) return;
    if (node.tagName === "BR") { lines.push(""); return; }
    const isBlock = !getComputedStyle(node).display.startsWith("inline") && node !== element;
    if (isBlock) lines.push("");
    if (node.tagName === "IMG") lines[lines.length - 1] += " " + (node.alt || "") + " ";
    for (const child of (node.shadowRoot || node).childNodes) walk(child);
    if (isBlock) lines.push("");
  };
  walk(element);
  return lines.map(squash).filter((line) => line);
}

const textOf = (element) => squash(linesOf(element).join(" "));

function labelsOf(element) {
  return Array.from(element.labels || []).map(textOf).join(" ");
}

// The accessible name, as far as pages of administrators need it (accname 1.2).
function nameOf(element, role) {
  const ids = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter((id) => id);
  const byIds = ids.map((id) => element.getRootNode().getElementById(id)).filter((it) => it);
  if (byIds.length) return squash(byIds.map((it) => it.textContent).join(" "));
  const said = squash(element.getAttribute("aria-label") || "");
  if (said) return said;
  const tag = element.tagName;
  if (tag === "INPUT" && ["button", "submit", "reset"].includes(element.type)) return squash(element.value);
  // A caption that is hidden names its table all the same.
  if (tag === "TABLE" && element.caption) return squash(element.caption.textContent);
  const labels = squash(labelsOf(element));
  if (labels) return labels;
  if (NAMED_BY_CONTENT.has(role)) {
    const text = textOf(element);
    if (text) return text;
  }
  return squash(element.getAttribute("alt") || element.getAttribute("title") || element.getAttribute("placeholder") || "");
}

// Every element below a root, those in open shadow trees included.
function* below(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* below(element.shadowRoot);
  }
}

function fits(element, want) {
  if (want.by === "role") {
    const role = roleOf(element);
    const same = role === want.role || (want.role === "table" && (role === "grid" || role === "treegrid"));
    return same && (want.name === null || nameOf(element, role) === squash(want.name));
  }
  if (want.by === "label") {
    const isField = ["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName) || element.isContentEditable;
    return isField && nameOf(element, "") === squash(want.name);
  }
  const isWhole = (it) => textOf(it) === squash(want.name);
  return isWhole(element) && !Array.from(element.children).some(isWhole);
}

function findAll(want, root) {
  const all = want.by === "css" ? Array.from(root.querySelectorAll(want.name)) : null;
  const found = all || Array.from(below(root)).filter((element) => fits(element, want));
  return found.filter(isShown);
}

// Columns and rows of a table, whether it is one for the browser or only says so.
function tableOf(element) {
  const inside = (role) => Array.from(below(element)).filter((it) => roleOf(it) === role);
  const cellsOf = (row) => Array.from(below(row)).filter((it) =>
    ["cell", "gridcell", "rowheader"].includes(roleOf(it)));
  const heads = inside("columnheader").map((it) => nameOf(it, "columnheader"));
  const rows = inside("row").filter((row) => isShown(row) && cellsOf(row).length > 0);
  return { heads, rows, cellsOf };
}

function valueIn(table, row, cell) {
  if (cell.attribute !== undefined) return row.getAttribute(cell.attribute) || "";
  const at = table.heads.indexOf(squash(cell.head));
  const found = at < 0 ? null : table.cellsOf(row)[at];
  if (!found) return null;
  const lines = linesOf(found);
  return cell.line ? (lines[cell.line - 1] || "") : squash(lines.join(" "));
}

// The one row that says all that is wanted of it, or why there is none.
function rowWith(guard) {
  const tables = findAll(guard.table, document);
  if (tables.length !== 1) return { why: `the list is there ${tables.length} times` };
  const table = tableOf(tables[0]);
  const says = (row) => guard.says.every(([cell, text]) => valueIn(table, row, cell) === text);
  const rows = table.rows.filter(says);
  if (rows.length !== 1) return { why: `${rows.length} rows say what the row must say` };
  return { row: rows[0] };
}

const isOff = (element) => element.disabled || element.getAttribute("aria-disabled") === "true";

// The one element that is meant, ready to be used, or why not.
function theOne(want, within) {
  let root = document;
  if (within && within.guard) {
    const found = rowWith(within.guard);
    if (found.why) return { why: "row", seen: found.why };
    root = found.row;
  } else if (within && within.dialog) {
    const found = theOne(within.dialog, null);
    if (found.why) return found;
    root = found.element;
  }
  const all = findAll(want, root);
  if (all.length === 0) return { why: "none" };
  if (all.length > 1) return { why: "many", seen: String(all.length) };
  return { element: all[0] };
}

// What lies over the middle of an element, if anything but itself.
function coverOf(element) {
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = element.getBoundingClientRect();
  let top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  while (top && top.shadowRoot && top.shadowRoot !== element.getRootNode()) {
    const inner = top.shadowRoot.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!inner || inner === top) break;
    top = inner;
  }
  const isIt = !top || element.contains(top) || top.contains(element) || (top.closest("label") || {}).control === element;
  return isIt ? null : `<${top.tagName.toLowerCase()}>`;
}

function pressOn(element) {
  const box = element.getBoundingClientRect();
  const at = { bubbles: true, cancelable: true, composed: true, view: window, button: 0,
    clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  const pointer = { ...at, pointerId: 1, pointerType: "mouse", isPrimary: true };
  element.dispatchEvent(new PointerEvent("pointerover", pointer));
  element.dispatchEvent(new MouseEvent("mouseover", at));
  element.dispatchEvent(new PointerEvent("pointerdown", { ...pointer, buttons: 1 }));
  element.dispatchEvent(new MouseEvent("mousedown", { ...at, buttons: 1 }));
  if (element.focus) element.focus({ preventScroll: true });
  element.dispatchEvent(new PointerEvent("pointerup", pointer));
  element.dispatchEvent(new MouseEvent("mouseup", at));
  element.click();
}

// What a dialog says to people, without what can be pressed or filled in it.
function saidBy(dialog) {
  const isControl = (node) => ["button", "link", "textbox", "checkbox", "combobox", "radio"].includes(roleOf(node))
    || ["INPUT", "SELECT", "TEXTAREA"].includes(node.tagName);
  const hidden = Array.from(below(dialog)).filter(isControl).filter((it) => !it.hasAttribute("aria-hidden"));
  hidden.forEach((it) => it.setAttribute("aria-hidden", "true"));
  try { return textOf(dialog); } finally { hidden.forEach((it) => it.removeAttribute("aria-hidden")); }
}

function ready(want, within) {
  const found = theOne(want, within);
  if (found.why) return found;
  if (isOff(found.element)) return { why: "off" };
  const cover = coverOf(found.element);
  return cover ? { why: "covered", seen: cover } : found;
}

// Every number that the page gives for how many members there are.
function told(count) {
  const text = squash(linesOf(document.body).join(" "));
  const number = "(\\d[\\d.,'’\\u00a0\\u202f]*\\d|\\d)";
  const escaped = (part) => squash(part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = `(?<![\\p{L}\\d.,])${escaped(count.before)}\\s*${number}\\s*${escaped(count.after)}(?![\\p{L}\\d])`;
  const all = Array.from(text.matchAll(new RegExp(pattern, "gu")));
  return Array.from(new Set(all.map((it) => Number(it[1].replace(/\D/g, "")))));
}

// A name without its numbers, which tell how many there are.
const bare = (name) => name.replace(/\d[\d.,]*/gu, "#");

// What can be pressed in at least half of the rows, without what they say of people.
function usualInRows(table) {
  const rows = table.rows.map((row) => ({
    words: linesOf(row),
    found: Array.from(below(row)).map((it) => ({ it, role: roleOf(it) }))
      .filter(({ it, role }) => ["button", "link", "combobox", "checkbox", "switch"].includes(role) && isShown(it))
      .map(({ it, role }) => ({ role, name: role === "link" ? "…" : nameOf(it, role) })),
  }));
  const personal = ({ name }, words) => words.some((word) => name.includes(word));
  // A button is called the same in the row of somebody who happens to be called like it.
  const constant = new Set(rows.flatMap(({ words, found }) => found.filter((it) => !personal(it, words)).map((it) => it.name)));
  const counts = new Map();
  for (const { words, found } of rows) {
    const lines = found.map(({ role, name }) => {
      const said = constant.has(name) ? name : words.reduce((name, word) => name.split(word).join("…"), name);
      return `in a row: ${role} "${bare(said)}"`;
    });
    for (const line of new Set(lines)) counts.set(line, (counts.get(line) || 0) + 1);
  }
  return Array.from(counts).filter(([, count]) => count * 2 >= rows.length).map(([line]) => line);
}

const VERBS = {
  // How often an element is there, and whether it can be used.
  count({ want }) {
    const all = findAll(want, document);
    return { count: all.length, off: all.length === 1 && isOff(all[0]) };
  },

  // Closes what stands in the way, and says whether the first screen of signing in is there.
  around({ popups, screen }) {
    const closed = popups.map(({ at, close }) => {
      const found = ready(close, { dialog: at });
      if (!found.why) pressOn(found.element);
      return !found.why;
    });
    return { closed, asks: screen.length > 0 && screen.every((want) => findAll(want, document).length === 1) };
  },

  // The one frame that is meant, for the driver to go into.
  frame({ want }) {
    const found = findAll(want, document);
    return found.length === 1 ? found[0] : null;
  },

  says({ want, within }) {
    const found = theOne(want, within);
    return found.why ? found : { text: textOf(found.element) };
  },

  dialog({ want, says }) {
    const found = theOne(want, null);
    if (found.why) return found;
    const text = saidBy(found.element);
    return { text, fits: text === squash(says) };
  },

  press({ want, within, says }) {
    const found = ready(want, within);
    if (found.why) return found;
    if (says !== undefined) {
      const dialog = theOne(within.dialog, null);
      const text = saidBy(dialog.element);
      if (text !== squash(says)) return { why: "says", seen: text };
    }
    pressOn(found.element);
    return {};
  },

  fill({ want, within, text, origin }) {
    if (origin !== null && location.origin !== origin) return { why: "origin", seen: location.origin };
    const found = ready(want, within);
    if (found.why) return found;
    const element = found.element;
    const kind = { INPUT: HTMLInputElement, TEXTAREA: HTMLTextAreaElement }[element.tagName];
    if (!kind) return { why: "field" };
    element.focus({ preventScroll: true });
    // Frameworks keep a value of their own beside the field's and hear only of what the field's setter took.
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(element, text);
    element.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, inputType: "insertText" }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
    return {};
  },

  choose({ want, within, option }) {
    const found = ready(want, within);
    if (found.why) return found;
    const element = found.element;
    if (element.tagName !== "SELECT") { pressOn(element); return { opened: true }; }
    const fits = Array.from(element.options).filter((it) => squash(it.label) === squash(option));
    if (fits.length !== 1) return { why: "option", seen: String(fits.length) };
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(element, fits[0].value);
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
    return {};
  },

  // The list as it stands: what the page says of its length, its rows, and whether it goes on.
  list({ want, cells, count, next }) {
    const tables = findAll(want, document);
    if (tables.length !== 1) return { why: tables.length ? "many" : "none", seen: String(tables.length) };
    const table = tableOf(tables[0]);
    const columns = Object.values(cells).filter((cell) => cell.head !== undefined).map((cell) => squash(cell.head));
    const missing = columns.filter((head) => table.heads.filter((it) => it === head).length !== 1);
    if (missing.length) return { why: "column", seen: missing[0] };
    const read = (row) => Object.fromEntries(Object.entries(cells).map(([field, cell]) => [field, valueIn(table, row, cell) || ""]));
    const on = next ? findAll(next, document) : [];
    return {
      rows: table.rows.map(read), told: told(count),
      busy: Boolean(tables[0].closest("[aria-busy=true]") || tables[0].querySelector("[aria-busy=true]")),
      next: on.length > 1 ? "many" : on.length === 1 && !isOff(on[0]) ? "on" : "off",
    };
  },

  // How many rows of the page say what a row must say.
  row({ guard }) {
    const found = rowWith(guard);
    return { rows: found.row ? 1 : 0 };
  },

  body: () => document.body,

  told: ({ count }) => ({ told: told(count) }),

  // What the page is made of, without what it says of people and how many there are: heads, and what can
  // be pressed. What comes and goes by itself is no part of it: pop-ups, and what leads to further pages.
  shape({ want, aside }) {
    const tables = findAll(want, document);
    if (tables.length !== 1) return { why: tables.length ? "many" : "none" };
    const table = tableOf(tables[0]);
    const boxes = [tables[0], ...aside.flatMap((it) => findAll(it, document))];
    const lines = table.heads.map((head, at) => `column ${at + 1} "${bare(head)}"`);
    const usable = ["button", "link", "textbox", "searchbox", "combobox", "tab", "heading"];
    for (const element of below(document)) {
      const role = roleOf(element), name = usable.includes(role) ? bare(nameOf(element, role)) : "#";
      if (name === "#" || boxes.some((box) => box.contains(element)) || !isShown(element)) continue;
      if (element.closest("nav, footer, header, [role=navigation], [role=contentinfo], [role=banner], [role=dialog], dialog")) continue;
      lines.push(`${role} "${name}"`);
    }
    return { lines: Array.from(new Set([...lines, ...usualInRows(table)])) };
  },

  // Covers everything that could tell of others. Nothing in the page's own text is changed.
  mask({ guard, words }) {
    VERBS.unmask({});
    const style = document.createElement("style");
    style.id = "rollbook-mask";
    style.textContent = `[data-rollbook-mask], [data-rollbook-mask] * { color: transparent !important;
      background: #333 !important; text-shadow: none !important; caret-color: transparent !important;
      -webkit-text-fill-color: transparent !important; transition: none !important; }
      [data-rollbook-mask]::before, [data-rollbook-mask]::after { content: none !important; }
      [data-rollbook-mask]::placeholder, [data-rollbook-mask] *::placeholder { color: transparent !important; }
      img, video, canvas, iframe, object, embed, picture, [style*="url("] { visibility: hidden !important; }`;
    document.head.append(style);
    const kept = guard ? rowWith(guard).row : null;
    if (kept) kept.scrollIntoView({ block: "center", behavior: "instant" });
    const mark = (element) => element.setAttribute("data-rollbook-mask", "");
    for (const element of below(document)) {
      if (element.tagName === "INPUT" || element.tagName === "TEXTAREA") mark(element);
      const isRow = ["row", "listitem", "option"].includes(roleOf(element));
      if (isRow && element !== kept && element.closest("table, [role=table], [role=grid], [role=treegrid]")) {
        if (Array.from(below(element)).some((it) => ["cell", "gridcell", "rowheader"].includes(roleOf(it)))) mark(element);
      }
    }
    for (const node of texts()) if (tells(node.data, words)) mark(node.parentElement || node.getRootNode().host);
    return { open: open(words) };
  },

  open: ({ words }) => ({ open: open(words) }),

  unmask() {
    document.getElementById("rollbook-mask")?.remove();
    for (const element of below(document)) element.removeAttribute("data-rollbook-mask");
    return {};
  },
};

function* texts() {
  const roots = [document.body];
  for (const element of below(document)) if (element.shadowRoot) roots.push(element.shadowRoot);
  for (const root of roots) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) yield walker.currentNode;
  }
}

// Whether a text tells of somebody else: one of the words, or an address that is not the one to be kept.
function tells(text, { others, kept }) {
  const folded = squash(squash(text).normalize("NFKC").toLowerCase().normalize("NFKC"));
  if (kept.includes(folded)) return false;
  if (others.some((word) => folded.includes(word))) return true;
  const addresses = folded.match(/[^\s<>()"',;:]+@[^\s<>()"',;:]+/gu) || [];
  return addresses.some((address) => !kept.includes(address.replace(/[.?!]+$/u, "")));
}

// How much of what must not be seen can be seen all the same.
function open(words) {
  const isCovered = (element) => {
    const style = getComputedStyle(element);
    return style.webkitTextFillColor === "rgba(0, 0, 0, 0)" || !isShown(element);
  };
  let open = 0;
  for (const node of texts()) {
    const element = node.parentElement || node.getRootNode().host;
    if (tells(node.data, words) && !isCovered(element)) open += 1;
  }
  for (const element of below(document)) {
    if (["INPUT", "TEXTAREA"].includes(element.tagName) && element.value && !isCovered(element)
      && !["submit", "button", "reset", "checkbox", "radio"].includes(element.type)) open += 1;
    // What is in a closed tree cannot be looked at, so nothing is known of it.
    if (element.tagName.includes("-") && !element.shadowRoot && !element.childNodes.length && isShown(element)) open += 1;
  }
  return open;
}
