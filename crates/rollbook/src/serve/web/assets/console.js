// What makes the console quicker to use. Every page works without it.
(() => {
  "use strict";
  const find = (what, from = document) => from.querySelector(what);

  // A choice counts at once; nobody needs the button then.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
  for (const button of document.querySelectorAll("form.filters .apply")) button.hidden = true;

  // What is not chosen need not stand in the address.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) if (field.name && field.value === "") field.disabled = true;
  });
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form [disabled]")) field.disabled = false;
  });

  // `j` and `k` walk through rows, Enter opens one, `/` searches, `?` says so.
  const rows = () => [...document.querySelectorAll(".rows tbody tr")].filter((row) => find("a", row));
  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("at"));
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    if (at >= 0) all[at].classList.remove("at");
    all[next].classList.add("at");
    find("a", all[next]).focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  };
  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    "/": () => find("#search")?.focus(),
    "?": () => find("#keys")?.togglePopover(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // A digest or a token is copied with one click.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    });
  }

  // What goes on is looked at again when the server says that something happened, or every two seconds.
  const live = find("[data-live]");
  const again = async () => {
    if (document.visibilityState !== "visible") return true;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return true;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = find("[data-live]", page);
    find("[data-live]").innerHTML = now ? now.innerHTML : find("main", page).innerHTML;
    return Boolean(now);
  };
  const poll = async () => {
    if (await again()) setTimeout(poll, 2000);
  };
  if (live?.dataset.events) {
    const events = new EventSource(live.dataset.events);
    events.addEventListener("moved", async () => {
      if (!(await again())) events.close();
    });
  } else if (live) {
    setTimeout(poll, 2000);
  }
  const polled = find("[data-poll]");
  const check = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = find("[data-poll]", page);
      if (now && now.innerHTML !== polled.innerHTML) polled.innerHTML = now.innerHTML;
    }
    setTimeout(check, 3000);
  };
  if (polled) setTimeout(check, 3000);
})();
