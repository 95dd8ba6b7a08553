"use strict";
// Drives a members' page. `#site` says how this console works, `#row` what one row looks like.
const byId = (id) => document.getElementById(id);
const site = JSON.parse(byId("site").textContent);
const list = byId("rows");
let shown = []; // the members of the rows, in the order of the rows
let page = 0;
let pages = 1;
let current = null; // whom the panel or an open dialog is about

async function call(path, body) {
  const sent = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, sent);
  if (answer.status === 401) {
    location.href = "/login?ended=1";
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error(`Something went wrong (${answer.status}). Please try again.`);
  return answer.status === 204 ? null : answer.json();
}

function complain(error) {
  byId("problem").textContent = error instanceof TypeError ? "The connection broke. Please try again." : error.message;
  byId("busy").hidden = true;
}

async function guarded(work) {
  byId("problem").textContent = "";
  try {
    await work();
  } catch (error) {
    complain(error);
  }
}

// --- Rows -------------------------------------------------------------------------------------------

function fill(place, member) {
  for (const spot of place.querySelectorAll("[data-put]")) {
    spot.textContent = member[spot.dataset.put];
  }
  for (const spot of place.querySelectorAll("[data-label]")) {
    spot.setAttribute("aria-label", spot.dataset.label.replace("{name}", member.name));
  }
  for (const spot of place.querySelectorAll("[data-when]")) {
    spot.hidden = (spot.dataset.when === "off") !== member.is_off;
  }
}

function add(member) {
  const row = byId("row").content.firstElementChild.cloneNode(true);
  fill(row, member);
  list.append(row);
  shown.push(member);
}

async function load(number, keep) {
  list.setAttribute("aria-busy", "true");
  byId("busy").hidden = false;
  const part = await call(`/members?page=${number}`);
  if (!keep) {
    list.replaceChildren();
    shown = [];
  }
  part.members.forEach(add);
  [page, pages] = [part.page, part.pages];
  byId("total").textContent = part.total;
  byId("busy").hidden = true;
  list.removeAttribute("aria-busy");
  if (part.turns) turnOnce();
  if (part.news) openVeil("news", part.news);
  drawPages();
}

// A list whose rows are reused for other members, at the worst moment: under the pointer.
function turnOnce() {
  const turn = () => {
    shown.push(shown.shift());
    [...list.children].forEach((row, at) => fill(row, shown[at]));
  };
  list.addEventListener("mousedown", turn, { capture: true, once: true });
}

function pageButton(text, target, isHere, keep) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  if (isHere) button.setAttribute("aria-current", "page");
  button.addEventListener("click", () => guarded(() => load(target, keep)));
  return button;
}

function drawPages() {
  const buttons = [];
  if (site.pages === "more") {
    if (page < pages) buttons.push(pageButton(site.more, page + 1, false, true));
  } else {
    if (site.pages === "numbers") {
      for (let at = 1; at <= pages; at += 1) buttons.push(pageButton(String(at), at, at === page));
    }
    const next = pageButton(site.more, page + 1);
    next.disabled = page >= pages;
    buttons.push(next);
  }
  byId("pages").replaceChildren(...buttons);
}

// --- Dialogs ----------------------------------------------------------------------------------------

function openVeil(id, text) {
  if (id === "news") byId("news-text").textContent = text;
  byId(id).hidden = false;
  byId(id).querySelector("input, select, button").focus();
}

function closeVeils() {
  for (const veil of document.querySelectorAll(".veil")) veil.hidden = true;
  for (const menu of document.querySelectorAll(".menu")) menu.hidden = true;
}

// Gives whether the person agrees.
function agreed(ask) {
  if (site.confirm === "native") return Promise.resolve(window.confirm(ask.text));
  byId("dialog-title").textContent = ask.title;
  byId("dialog-text").textContent = ask.text;
  byId("yes").textContent = ask.yes;
  byId("no").textContent = ask.no;
  openVeil("veil");
  return new Promise((resolve) => {
    byId("yes").onclick = () => resolve(true);
    byId("no").onclick = () => resolve(false);
  }).finally(closeVeils);
}

async function act(what, body) {
  const told = await call("/members/act", { what, ...body });
  // The message comes before the list, as it does elsewhere.
  byId("toast").textContent = told.told;
  byId("panel")?.setAttribute("hidden", "");
  if (site.pages === "more") {
    list.replaceChildren();
    shown = [];
    await load(1);
  } else {
    await load(Math.min(page, pages));
  }
}

const deeds = {
  menu: (row) => {
    closeVeils();
    row.querySelector(".menu").hidden = false;
    row.querySelector(".menu button").focus();
  },
  panel: () => {
    fill(byId("panel"), current);
    byId("panel").hidden = false;
  },
  close: () => byId("panel").setAttribute("hidden", ""),
  role: () => {
    byId("changed-who").textContent = `${current.name} (${current.email})`;
    byId("changed-role").value = current.role;
    openVeil("changing");
  },
  remove: () => guarded(() => confirmed("remove")),
  restore: () => guarded(() => act("restore", { ids: [current.id] })),
};

async function confirmed(what) {
  const ask = await call(`/members/ask?what=${what}&id=${current.id}`);
  if (ask && (await agreed(ask))) await act(what, { ids: ask.ids });
}

function clicked(event) {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const row = [...list.children].findIndex((it) => it.contains(button));
  if (row >= 0) current = shown[row];
  if (button.closest(".menu")) closeVeils();
  deeds[button.dataset.do](list.children[row]);
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeVeils());
byId("invite").addEventListener("click", () => openVeil("inviting"));
byId("uninvited").addEventListener("click", closeVeils);
byId("unchanged").addEventListener("click", closeVeils);
byId("news-close").addEventListener("click", () => {
  document.cookie = "news=seen;path=/";
  closeVeils();
});
byId("invitation").addEventListener("submit", (event) => {
  event.preventDefault();
  const invitation = Object.fromEntries(new FormData(event.target));
  closeVeils();
  guarded(() => act("invite", invitation));
});
byId("change").addEventListener("submit", (event) => {
  event.preventDefault();
  closeVeils();
  guarded(() => act("role", { ids: [current.id], role: byId("changed-role").value }));
});
guarded(() => load(1));
