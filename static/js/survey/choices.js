// The first tap chooses the 1st, a tap on another image the 2nd, and so on; a tap on a chosen image undoes the choice.
// The radio buttons of the plain form hold the answer. Of a pair one is chosen, or both fit equally well.
const PLACES = ["first", "second", "rank3", "rank4", "rank5", "rank6"];

export function makeChoices(form, note) {
  const choices = [...form.querySelectorAll(".choice")];
  const names = PLACES.filter((name) => form.querySelector(`.picks [name=${name}]`));
  const required = Number(form.dataset.required ?? ("second" in form.dataset ? 2 : 1));
  const none = form.querySelector("[name=none_fits]");
  const tie = form.querySelector(".tie input");
  const draft = `earsight-draft:${location.pathname}`;
  const listeners = [];
  const letters = choices.map((choice) => choice.dataset.letter);
  const radio = (name, letter) => form.querySelector(`[name=${name}][value="${letter}"]`);
  const chosen = (name) => form.querySelector(`[name=${name}]:checked`)?.value || "";
  const placeOf = (letter) => names.find((name) => chosen(name) === letter) ?? "";
  const freePlace = () => names.find((name) => !chosen(name)) ?? names.at(-1);

  function set(name, letter) {
    form.querySelectorAll(`[name=${name}]`).forEach((input) => {
      input.checked = input.value === letter;
    });
  }

  function draw() {
    for (const choice of names.length ? choices : []) {
      const place = placeOf(choice.dataset.letter);
      const button = choice.querySelector(".pick");
      const name = choice.querySelector("img").alt;
      button.setAttribute("aria-pressed", String(Boolean(place)));
      button.setAttribute(
        "aria-label",
        place ? `${name}, ${choice.querySelector(`.badge-${place}`).textContent}` : name,
      );
    }
    try {
      sessionStorage.setItem(draft, JSON.stringify(Object.fromEntries(names.map((name) => [name, chosen(name)]))));
    } catch {
      // Private windows may have no storage.
    }
    listeners.forEach((listener) => listener());
  }

  // An order of all images: once the last but one is chosen, the last place can only be the last image's.
  const isWhole = () => names.length > 1 && names.length === letters.length;
  function fillLast() {
    const left = letters.filter((letter) => !placeOf(letter));
    if (isWhole() && left.length === 1) set(freePlace(), left[0]);
  }

  function pick(letter, trusted = true) {
    if (!names.length) return;
    const place = placeOf(letter);
    if (none) none.checked = false;
    if (place && isWhole() && letters.every(placeOf)) set(names.at(-1), "");
    if (place) set(place, "");
    else {
      set(freePlace(), letter);
      fillLast();
    }
    note(place ? "undo" : "choose", { image: letter, trusted });
    draw();
  }

  // Keys of a pair: the arrows choose, 0 and = say that both fit equally well.
  function pairKey(key) {
    if (form.dataset.asked !== "pair") return false;
    const letter = { ArrowLeft: letters[0], ArrowRight: letters[1] }[key];
    if (letter) {
      if (placeOf(letter)) return true;
      pick(letter);
    } else if (tie && (key === "0" || key === "=")) tie.click();
    else return false;
    return true;
  }

  for (const choice of names.length ? choices : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pick";
    button.addEventListener("click", (event) => pick(choice.dataset.letter, event.isTrusted));
    choice.querySelector("img").after(button);
  }
  none?.addEventListener("change", () => {
    if (none.checked) names.forEach((name) => set(name, ""));
    draw();
  });
  tie?.addEventListener("change", () => {
    note("choose", { image: "tie", trusted: true });
    draw();
  });
  if (!chosen("first") && !none?.checked) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(draft) || "{}");
      names.filter((name) => kept[name] && radio(name, kept[name])).forEach((name) => set(name, kept[name]));
    } catch {
      // Nothing usable was stored.
    }
  }
  draw();
  return {
    pick,
    pairKey,
    letters,
    isAsked: names.length > 0,
    placeOf,
    // The place that the next image gets; the name of the first that is still missing from the answer, or empty.
    freePlace,
    missing: () => names.slice(0, required).find((name) => !chosen(name)) ?? "",
    any: () => names.some(chosen),
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
