// What the side bar needs beyond its components: the buttons of the list, the person's time zone, where the
// keyboard goes when one panel makes room for another, and whether the side bar stands open.
(() => {
  "use strict";

  const NARROW = matchMedia("(max-width: 768px)");
  const ROOMY = matchMedia("(min-width: 1160px)");
  const KEPT = "kgqa-history";
  const find = (selector) => document.querySelector(selector);
  const bar = () => find("#history");
  const toggle = () => find("#history > .toggle-button");
  const isOpen = () => Boolean(bar()?.classList.contains("open"));

  // Move the keyboard to an element as soon as it is there and can be seen.
  const focus = (selector, tries = 100) => {
    const element = find(selector);
    element?.focus();
    if (tries > 0 && (!element || document.activeElement !== element)) setTimeout(() => focus(selector, tries - 1), 50);
  };

  // Give a hidden field a value as if it had been typed, which tells the server.
  const type = (selector, text) => {
    const field = find(`${selector} textarea, ${selector} input`);
    if (!field) return false;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  };

  // Without a secure connection a browser has no clipboard but what is selected.
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  const flip = () => toggle()?.click();
  const remember = () => {
    try {
      if (!NARROW.matches) localStorage.setItem(KEPT, isOpen() ? "open" : "closed");
    } catch {
      // Inside a frame a browser may refuse to keep anything; then the side bar opens by itself again.
    }
  };
  const wasClosed = () => {
    try {
      return localStorage.getItem(KEPT) === "closed";
    } catch {
      return false;
    }
  };
  const closeOnPhone = () => {
    if (!NARROW.matches || !isOpen()) return;
    flip();
    toggle().focus();
  };

  // Where the keyboard goes once a button has made itself disappear.
  let managed = "";
  const NEXT = {
    look: () => focus("#data-back"),
    "data-back": () => focus("#look"),
    back: () => focus(managed ? `[id="${managed}"]` : "#search textarea, #search input"),
    "yes-delete": () => focus("#anew"),
    "yes-delete-all": () => focus("#anew"),
    "yes-erase": () => focus("#anew"),
    share: () => focus("#revoke"),
    revoke: () => focus("#share"),
    anew: closeOnPhone,
  };
  for (const name of ["delete", "delete-all", "erase"]) {
    NEXT[name] = () => focus(`#no-${name}`);
    NEXT[`no-${name}`] = () => focus(`#${name}`);
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    if (button.matches("#shelf button.open")) {
      type("#open-request", `${button.id.replace("open-", "")} ${Date.now()}`);
      closeOnPhone();
    } else if (button.matches("#shelf button.manage")) {
      managed = button.id;
      type("#manage-request", `${button.id.replace("manage-", "")} ${Date.now()}`);
      focus("#back");
    } else if (button.matches("#link button.copy")) {
      copy(find("#link a.link").href).then(() => (button.textContent = "Copied"));
    } else if (button === toggle()) {
      setTimeout(() => {
        if (!event.isTrusted) return; // it was opened from here, and the keyboard stays where it is
        remember();
        if (isOpen()) focus("#anew");
      }, 0);
    } else NEXT[button.id]?.();
  });

  // The list is made anew after each answer; the button of it that has the keyboard gets it again.
  let held = "";
  document.addEventListener("focusin", (event) => (held = event.target.closest("#shelf button")?.id ?? ""));
  document.addEventListener("pointerdown", () => (held = ""));
  const hold = () => {
    if (held && document.activeElement === document.body) document.getElementById(held)?.focus();
  };

  // Escape goes one step back: from a panel to the list, from the list to the chat.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || !bar().contains(document.activeElement)) return;
    const back = ["#back", "#data-back"].map(find).find((button) => button?.offsetParent);
    if (back) back.click();
    else if (NARROW.matches) closeOnPhone();
  });

  // The open conversation is marked as such for screen readers; the side bar is named, says whether it is open, and on a wide screen opens by itself unless it was closed.
  const name = () => {
    const button = toggle();
    if (!button) return;
    document.querySelectorAll(".shelf .current:not([aria-current])").forEach((each) => each.setAttribute("aria-current", "true"));
    const open = String(isOpen());
    if (button.getAttribute("aria-expanded") === open) return;
    button.setAttribute("aria-label", "Past conversations");
    button.setAttribute("aria-controls", "history");
    button.setAttribute("aria-expanded", open);
  };
  new MutationObserver(() => {
    name();
    hold();
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"],
  });

  // Beside the chat where there is room, unless it was closed; out of the way where there is none.
  const fit = () => {
    if (ROOMY.matches ? !wasClosed() && !isOpen() : NARROW.matches && isOpen()) flip();
  };

  const begin = (tries = 200) => {
    const ready = toggle() && find("#zone-request textarea, #zone-request input");
    if (!ready) {
      if (tries > 0) setTimeout(() => begin(tries - 1), 50);
      return;
    }
    const ahead = -new Date().getTimezoneOffset();
    if (ahead !== 0) type("#zone-request", String(ahead));
    fit();
    for (const width of [NARROW, ROOMY]) width.addEventListener("change", fit);
  };
  begin();
})();
