// What the page needs beyond its components: the "Wrong answer?" buttons inside the cards, copying a
// card as plain text, and names for screen readers. It is loaded from the same host and asks nobody.
(() => {
  "use strict";

  // A card's HTML as the text that a person would expect on the clipboard.
  const plain = (html) => {
    const body = new DOMParser().parseFromString(html, "text/html").body;
    const card = body.querySelector(".card");
    if (!card) return body.textContent.trim();
    card.querySelectorAll(".how, .wrong, .opinion, .chosen, .offers").forEach((part) => part.remove());
    card.querySelectorAll("summary").forEach((part) => part.remove());
    const blocks = [...card.querySelectorAll("p, li")].map((block) => block.textContent.trim());
    return blocks.filter(Boolean).join("\n");
  };

  const isCard = (text) => text.includes('<div class="card">') || /&#\d+;/.test(text);

  if (navigator.clipboard) {
    const write = navigator.clipboard.writeText.bind(navigator.clipboard);
    navigator.clipboard.writeText = (text) => write(isCard(text) ? plain(text) : text);
  }
  document.addEventListener("copy", (event) => {
    const source = document.activeElement;
    const text = source instanceof HTMLTextAreaElement ? source.value : "";
    if (!text.includes('<div class="card">')) return;
    event.clipboardData.setData("text/plain", plain(text));
    event.preventDefault();
  });

  // Give a hidden field a value as if it had been typed, which tells the server.
  const type = (selector, text) => {
    const field = document.querySelector(selector);
    if (!field) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const focusWhenShown = (selector, tries = 40) => {
    const field = document.querySelector(selector);
    if (field && field.offsetParent !== null) {
      field.focus();
      field.scrollIntoView({ block: "nearest" });
    } else if (tries > 0) setTimeout(() => focusWhenShown(selector, tries - 1), 50);
  };

  let opener = "";
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button.wrong");
    if (!button) return;
    opener = button.id;
    type("#flagged textarea", `${button.id.replace("wrong-", "")} ${Date.now()}`);
    focusWhenShown("#right input");
  });

  // A button of a card that picks something else: the answer is found anew, where it stands and as far as it was open.
  let again = null;
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button.pick");
    if (!button || again) return;
    const card = button.closest(".card");
    const how = card.querySelector("details.how");
    const pick = { how: how?.id, open: how?.open, card, turn: card.querySelector("button.wrong")?.id };
    again = pick;
    card.classList.add("busy");
    type("#picked textarea", `${button.id} ${Date.now()}`);
    setTimeout(() => release(pick), 20_000);
  });

  // The pick is done when the card has been made anew, or a notice says why not.
  const release = (pick) => {
    if (again !== pick) return;
    again = null;
    pick.card.classList.remove("busy");
  };
  const reopen = () => {
    if (!again) return;
    const wrong = document.getElementById(again.turn);
    const card = wrong?.closest(".card");
    if (!card || (card === again.card && !document.querySelector("#notice .trouble"))) return;
    const how = document.getElementById(again.how);
    if (how && again.open) how.open = true;
    release(again);
    (card.querySelector(".chosen button.pick") || how?.querySelector("summary") || wrong).focus({ preventScroll: true });
  };

  document.addEventListener("keydown", (event) => {
    const panel = document.querySelector("#correction");
    if (event.key !== "Escape" || !panel || panel.offsetParent === null) return;
    document.querySelector("#cancel")?.click();
    document.getElementById(opener)?.focus();
  });

  // A new turn is read from its beginning: its question goes to the top of the conversation.
  let shown = 0;
  const begin = () => {
    const questions = document.querySelectorAll("#chat .user-row");
    const cards = document.querySelectorAll("#chat .card").length;
    if (cards === shown) return;
    shown = cards;
    const last = questions[questions.length - 1];
    const frame = last?.closest(".bubble-wrap");
    if (frame) frame.scrollTop += last.getBoundingClientRect().top - frame.getBoundingClientRect().top - 12;
  };

  // The chat names a message by its source text; say instead what it is and let its content speak.
  const rename = () => {
    document.querySelector("#question .submit-button")?.setAttribute("aria-label", "Send");
    document.querySelector("#question .stop-button")?.setAttribute("aria-label", "Stop");
    document.querySelectorAll('[data-testid="bot"], [data-testid="user"]').forEach((message) => {
      const name = message.dataset.testid === "bot" ? "Answer" : "Your question";
      if (message.getAttribute("aria-label") !== name) message.setAttribute("aria-label", name);
    });
  };
  new MutationObserver(() => {
    rename();
    reopen();
    requestAnimationFrame(begin);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
