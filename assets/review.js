// What the review needs beyond its forms: keys, the entry changed in place, names completed, the selection counted.
// Everything works without it, only slower. It is loaded from the same host and asks nobody else.
(() => {
  "use strict";

  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const rows = () => all(".entries a[data-id]");
  const here = () => rows().findIndex((row) => row.hasAttribute("aria-current"));

  // The entry is exchanged in place, so that the list keeps its selection and its scroll.
  // The row is marked at once: the next key may come before the entry does, and means this one.
  let going = 0;
  const mark = (link) => {
    rows().forEach((row) => {
      row.removeAttribute("aria-current");
      row.parentElement.classList.toggle("here", row === link);
    });
    link.setAttribute("aria-current", "true");
    one("#entry")?.setAttribute("aria-busy", "true");
  };
  let arriving = Promise.resolve();
  const open = (link) => (arriving = fetchEntry(link));
  const fetchEntry = async (link) => {
    const mine = ++going;
    mark(link);
    const answer = await fetch(link.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (mine !== going) return;
    if (!answer?.ok || answer.redirected) return void (location.href = link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = one("#entry", page);
    const old = one("#entry");
    if (!fresh || !old || mine !== going) return;
    old.replaceWith(fresh);
    document.body.classList.add("chosen");
    history.replaceState(null, "", link.href);
    const row = rows()[here()];
    if (row && row.offsetParent) row.scrollIntoView({ block: "nearest" });
    fresh.scrollIntoView({ block: "nearest" });
  };

  const step = async (by) => {
    const list = rows();
    if (!list.length) return;
    const at = here();
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (next !== list[at] || !document.body.classList.contains("chosen")) await open(next);
    (next.offsetParent ? next : one("#entry")).focus({ preventScroll: true });
  };

  const askNow = async () => {
    const button = one("#ask-now");
    const place = one("#now");
    if (!button || button.dataset.busy) return place?.focus();
    button.dataset.busy = "yes";
    button.textContent = "Asking …";
    const id = one("#entry").dataset.id;
    const answer = await fetch(`/review/now?at=${encodeURIComponent(id)}`).catch(() => null);
    if (one("#entry").dataset.id !== id) return;
    if (!answer || answer.redirected) return void (button.textContent = "That did not work. Reload the page.");
    place.innerHTML = await answer.text(); // made and escaped on the server
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  };

  const unfold = (selector) => {
    const fold = one(selector);
    if (!fold) return;
    fold.open = true;
    fold.scrollIntoView({ block: "nearest" });
    one("input:not([type=hidden]):not([type=checkbox]), button", fold)?.focus();
  };

  // The selection

  const boxes = () => all(".entries input[type=checkbox]");
  const count = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    const said = one(".bulk .chosen");
    if (said) said.textContent = chosen ? `With the ${chosen} selected:` : "With the selected ones:";
    one(".bulk")?.toggleAttribute("hidden", !chosen);
  };

  document.addEventListener("change", (event) => {
    if (event.target.id === "everything") boxes().forEach((box) => (box.checked = event.target.checked));
    if (event.target.id === "keys") localStorage.setItem("kgqa-review-keys", event.target.checked ? "on" : "off");
    count();
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const row = event.target.closest?.(".entries a[data-id]");
    const now = event.target.closest?.("#ask-now");
    if (!row && !now) return;
    event.preventDefault();
    if (now) askNow();
    else open(row).then(() => one("#entry")?.focus({ preventScroll: true }));
  });

  // Keys

  const press = (name) => {
    // Never about an entry that is still on its way and has not been seen.
    const button = one(`#entry:not([aria-busy]) .decide button[data-key="${name}"]`);
    if (button && !button.disabled) button.click();
  };
  const does = {
    j: () => step(1),
    k: () => step(-1),
    a: () => press("a"),
    r: () => press("r"),
    e: () => arriving.then(() => unfold("#edit")),
    f: () => arriving.then(() => unfold("#fact")),
    u: () => one(".undo button")?.click(),
    x: () => {
      const box = boxes()[here()];
      if (box) box.click();
    },
    Enter: () => arriving.then(askNow),
  };

  const typing = (target) => target.closest?.("input:not([type=checkbox]), select, textarea");

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.key === "Escape" && !event.defaultPrevented && typing(target)) {
      one("#entry")?.focus({ preventScroll: true });
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!does[event.key] || typing(target) || one("#keys")?.checked === false || !one("#entry")) return;
    if (event.key === "Enter" && target.closest("button, summary, a:not([data-id]), input")) return;
    if (event.key !== "Enter" || target.closest("[data-id]") || target === document.body) {
      event.preventDefault();
      does[event.key]();
    }
  });

  // Names are completed as they are typed

  const close = (picker) => {
    one(".options", picker).hidden = true;
    one("[role=combobox]", picker).setAttribute("aria-expanded", "false");
    one("[role=combobox]", picker).removeAttribute("aria-activedescendant");
  };

  const choose = (picker, option) => {
    const field = one("[role=combobox]", picker);
    const many = picker.dataset.many;
    if (many) {
      const chip = document.createElement("label");
      chip.className = "chip";
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name: many, checked: true });
      box.value = option.dataset.id;
      chip.append(box, ` ${option.dataset.label}`);
      one(".chips", picker.closest("form")).append(chip);
      field.value = "";
    } else {
      field.value = option.dataset.label;
      one("input[type=hidden]", picker).value = option.dataset.id;
    }
    close(picker);
  };

  const show = (picker, found) => {
    const list = one(".options", picker);
    list.replaceChildren(
      ...found.map((each, place) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        Object.assign(option.dataset, { id: each.id, label: each.label });
        const about = document.createElement("small");
        about.textContent = each.about;
        option.append(each.label, about);
        return option;
      }),
    );
    list.hidden = !found.length;
    one("[role=combobox]", picker).setAttribute("aria-expanded", String(Boolean(found.length)));
  };

  let typed = 0;
  document.addEventListener("input", async (event) => {
    const picker = event.target.closest?.(".picker");
    if (!picker) return;
    one("input[type=hidden]", picker).value = "";
    const mine = ++typed;
    const text = event.target.value.trim();
    if (!text) return close(picker);
    await new Promise((done) => setTimeout(done, 120));
    if (mine !== typed) return;
    const answer = await fetch(`${picker.dataset.source}?q=${encodeURIComponent(text)}`).catch(() => null);
    if (mine === typed && answer?.ok && !answer.redirected) show(picker, await answer.json());
  });

  document.addEventListener("keydown", (event) => {
    const picker = event.target.closest?.(".picker");
    const list = picker && one(".options", picker);
    if (!list || list.hidden) return;
    const options = all("li", list);
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % options.length;
      options.forEach((option, place) => option.setAttribute("aria-selected", String(place === next)));
      event.target.setAttribute("aria-activedescendant", options[next].id);
      options[next].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && at >= 0) choose(picker, options[at]);
    else if (event.key === "Escape") close(picker);
    else return;
    event.preventDefault();
  }, true);

  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.(".options li");
    if (option) {
      event.preventDefault();
      choose(option.closest(".picker"), option);
    }
  });
  document.addEventListener("focusout", (event) => {
    const picker = event.target.closest?.(".picker");
    if (picker) close(picker);
  });

  // On arrival

  const everything = one("#everything");
  if (everything) everything.hidden = false;
  const keys = one("#keys");
  if (keys) keys.checked = localStorage.getItem("kgqa-review-keys") !== "off";
  if (one("#fact[open] button[autofocus]")) one("#fact[open] button[autofocus]").focus();
  else if (one(".desk") && document.activeElement === document.body) {
    const row = rows()[here()];
    if (row && row.offsetParent) row.focus({ preventScroll: true });
  }
  count();
})();
