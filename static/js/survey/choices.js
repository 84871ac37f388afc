// The first tap chooses the 1st, a tap on another image the 2nd, a tap on a chosen image undoes the choice.
// The radio buttons of the plain form hold the answer.
export function makeChoices(form, note) {
  const choices = [...form.querySelectorAll(".choice")];
  const none = form.querySelector("[name=none_fits]");
  const draft = `earsight-draft:${location.pathname}`;
  const listeners = [];
  const radio = (name, letter) => form.querySelector(`[name=${name}][value="${letter}"]`);
  const chosen = (name) => form.querySelector(`[name=${name}]:checked`)?.value || "";

  function set(name, letter) {
    form.querySelectorAll(`[name=${name}]`).forEach((input) => {
      input.checked = input.value === letter;
    });
  }

  function draw() {
    const first = chosen("first");
    const second = chosen("second");
    for (const choice of choices) {
      const letter = choice.dataset.letter;
      const place = letter === first ? "first" : letter === second ? "second" : "";
      const button = choice.querySelector(".pick");
      const name = choice.querySelector("img").alt;
      button.setAttribute("aria-pressed", String(Boolean(place)));
      button.setAttribute(
        "aria-label",
        place ? `${name}, ${choice.querySelector(`.badge-${place}`).textContent}` : name,
      );
    }
    try {
      sessionStorage.setItem(draft, JSON.stringify({ first, second }));
    } catch {
      // Private windows may have no storage.
    }
    listeners.forEach((listener) => listener());
  }

  function pick(letter, trusted = true) {
    const first = chosen("first");
    const second = chosen("second");
    if (none) none.checked = false;
    if (letter === first) set("first", "");
    else if (letter === second) set("second", "");
    else if (!first) set("first", letter);
    else set("second", letter);
    note(letter === first || letter === second ? "undo" : "choose", { image: letter, trusted });
    draw();
  }

  for (const choice of choices) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pick";
    button.addEventListener("click", (event) => pick(choice.dataset.letter, event.isTrusted));
    choice.querySelector("img").after(button);
  }
  none?.addEventListener("change", () => {
    if (none.checked) {
      set("first", "");
      set("second", "");
    }
    draw();
  });
  if (!chosen("first") && !none?.checked) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(draft) || "{}");
      if (kept.first && radio("first", kept.first)) set("first", kept.first);
      if (kept.second && radio("second", kept.second)) set("second", kept.second);
    } catch {
      // Nothing usable was stored.
    }
  }
  draw();
  return {
    pick,
    letters: choices.map((choice) => choice.dataset.letter),
    first: () => chosen("first"),
    second: () => chosen("second"),
    none: () => Boolean(none?.checked),
    onChange: (listener) => listeners.push(listener),
    forget: () => {
      try {
        sessionStorage.removeItem(draft);
      } catch {
        // Private windows may have no storage.
      }
    },
  };
}
