// What an administrator does in a page, noted as steps by role and name. It runs in every page before
// the page's own scripts. What is typed into a field for a secret is never noted, only that it was.

const NOTES = "rollbook-recording";
const PRESSABLE = ["button", "link", "menuitem", "menuitemradio", "option", "radio", "checkbox", "switch", "tab"];
const SECRET = /pass|secret|kennwort|wachtwoord|mot de passe|contrase/i;
const CODE = /\b(code|otp|pin|digits|token)\b/i;

function note(entry) {
  const notes = JSON.parse(sessionStorage.getItem(NOTES) || "[]");
  const last = notes[notes.length - 1];
  // Typing is one act, however many letters it has.
  if (last && last.what === "fill" && entry.what === "fill" && last.at === entry.at) notes.pop();
  notes.push({ ...entry, ms: Date.now(), frame: frameOf() });
  sessionStorage.setItem(NOTES, JSON.stringify(notes));
}

// The frame that this page is in, by its title; empty: none.
function frameOf() {
  if (window === window.top) return "";
  const title = window.frameElement ? window.frameElement.title : "";
  return title ? `css "iframe[title='${title.replace(/['\\]/g, "\\$&")}']"` : 'css "iframe"';
}

// How a step names an element: by role and name, by its label, by its words, and only then by a selector.
function called(element) {
  const role = roleOf(element), name = nameOf(element, role);
  if (ROLES.includes(role) && name) return `${role} "${name}"`;
  if (["INPUT", "SELECT", "TEXTAREA"].includes(element.tagName) && name) return `label "${name}"`;
  const text = textOf(element);
  if (text && text.length < 80) return `text "${text}"`;
  if (element.id) return `css "#${CSS.escape(element.id)}"`;
  return `css "${element.tagName.toLowerCase()}"`;
}

function around(path, roles) {
  return path.find((it) => roles.includes(roleOf(it))) || null;
}

function inRow(path) {
  const row = around(path, ["row"]);
  return Boolean(row && row.closest("table, [role=table], [role=grid], [role=treegrid]")
    && Array.from(below(row)).some((it) => ["cell", "gridcell", "rowheader"].includes(roleOf(it))));
}

function pathOf(event) {
  return event.composedPath().filter((it) => it instanceof Element);
}

function pressed(event) {
  const path = pathOf(event);
  const element = around(path, PRESSABLE);
  if (!event.isTrusted || !element || element.closest("select")) return;
  const box = around(path, ["dialog", "alertdialog"]), place = box || around(path, ["region"]);
  const dialog = box && {
    at: called(box), says: saidBy(box),
    asks: Array.from(below(box)).some((it) => ["INPUT", "SELECT", "TEXTAREA"].includes(it.tagName) && isShown(it)),
    others: Array.from(below(box)).filter((it) => it !== element && PRESSABLE.includes(roleOf(it)) && isShown(it)).map(called),
  };
  note({ what: "click", at: called(element), row: !box && inRow(path), dialog, place: place ? called(place) : "" });
}

const wereSecret = new WeakSet();

function typed(event) {
  const path = pathOf(event), element = path[0];
  if (!event.isTrusted || !element || !["INPUT", "TEXTAREA"].includes(element.tagName)) return;
  if (["checkbox", "radio", "submit", "button", "file", "range"].includes(element.type)) return;
  const name = nameOf(element, roleOf(element)), hint = element.autocomplete || "";
  if (element.type === "password" || hint.includes("password") || SECRET.test(name)) wereSecret.add(element);
  const kind = wereSecret.has(element) ? "password" : hint === "one-time-code" || CODE.test(name) ? "code" : "text";
  note({ what: "fill", at: called(element), kind, text: kind === "text" ? element.value : null, row: inRow(path) });
}

function chosen(event) {
  const path = pathOf(event), element = path[0];
  if (!event.isTrusted || !element || element.tagName !== "SELECT" || !element.selectedOptions[0]) return;
  note({ what: "choose", at: called(element), option: squash(element.selectedOptions[0].label), row: inRow(path) });
}

// Begins to note, once in each page.
VERBS.listen = () => {
  if (window.rollbookListens) return {};
  window.rollbookListens = true;
  document.addEventListener("click", pressed, true);
  document.addEventListener("input", typed, true);
  document.addEventListener("change", chosen, true);
  const ask = window.confirm;
  window.confirm = (text) => {
    const agreed = ask.call(window, text);
    note({ what: "native", says: squash(String(text)), agreed });
    return agreed;
  };
  if (location.protocol.startsWith("http")) note({ what: "go", path: location.pathname + location.search });
  return {};
};

// What was noted since the last time.
VERBS.noted = () => {
  const notes = JSON.parse(sessionStorage.getItem(NOTES) || "[]");
  sessionStorage.removeItem(NOTES);
  return { notes };
};

// What is on the page now by which the end of a way through it can be told.
VERBS.ends = () => {
  const pages = [document, ...Array.from(document.querySelectorAll("iframe"), (it) => it.contentDocument)];
  const all = (roles) => pages.filter((it) => it).flatMap((page) =>
    Array.from(below(page)).filter((it) => roles.includes(roleOf(it)) && isShown(it))
      .map((it) => ({ at: called(it), text: textOf(it), frame: it.ownerDocument.defaultView.frameElement?.title || "",
        heads: roleOf(it) === "table" || roleOf(it) === "grid" ? tableOf(it).heads : [] })));
  return { leave: all(["link", "button"]), told: all(["status"]), tables: all(["table", "grid", "treegrid"]) };
};

