// The questions of a trial beside the choice among its images: what is missing, keys, and what is kept of a draft.
import { addThumbnail, makeRow } from "./rows.js";
import { makeScreens } from "./screens.js";

export function makeQuestions(form, choices, status, note, changed) {
  history.scrollRestoration = "manual"; // a page that is loaded again begins with its images, which have to be seen
  const line = form.querySelector(".state");
  const message = (name) =>
    document.querySelector("#asked-messages").content.querySelector(`[data-message=${name}]`).textContent;
  const unset = message("unset");
  const draft = `earsight-answers:${location.pathname}`;
  const rows = [...form.querySelectorAll("[data-row]")].map((element) =>
    makeRow(element, unset, note, () => {
      keep();
      changed();
    }),
  );
  for (const row of rows) addThumbnail(row, form.querySelector(`.choice[data-letter="${row.letter}"] img`));
  restore();
  const screens = makeScreens(form);

  function keep() {
    try {
      sessionStorage.setItem(draft, JSON.stringify(rows.map((row) => row.values())));
    } catch {
      // Private windows may have no storage.
    }
  }

  // After a reload, unless the page came with answers of its own.
  function restore() {
    if (rows.some((row) => row.has())) return;
    try {
      const kept = JSON.parse(sessionStorage.getItem(draft) || "[]");
      if (kept.length === rows.length) rows.forEach((row, at) => row.restore(kept[at]));
    } catch {
      // Nothing usable was stored.
    }
  }

  // Only the images chosen are asked about.
  function drawChosen() {
    for (const section of form.querySelectorAll("[data-of-chosen]")) {
      section.querySelectorAll("[data-row]").forEach((row) => {
        row.hidden = !choices.placeOf(row.dataset.letter);
      });
      section.classList.toggle("nothing-chosen", !choices.any());
    }
  }
  drawChosen();
  choices.onChange(drawChosen);

  const isShown = (row) => row.element.checkVisibility();
  const isAsked = (row) => row.isOpen() && !row.element.hidden && screens.isReached(row.element);
  const open = () => rows.find(isAsked) ?? null;

  function goTo(row) {
    screens.bring(row.element);
    row.focus();
  }

  // Says what is missing beside the button; a tap there leads to it.
  function showMissing() {
    const row = open();
    const ofImage = rows.filter((one) => row.letter && one.letter === row.letter && isAsked(one)).length;
    const several = () => message("several").replace("{letter}", row.letter).replace("{n}", ofImage);
    const text = ofImage > 1 ? several() : row.element.dataset.missing;
    if (line.textContent === text) return;
    status.show(() => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "to-missing";
      button.textContent = text;
      button.addEventListener("click", () => goTo(open() ?? row));
      return [button];
    });
  }

  // After a digit: the next row without an answer, or where there is none the row itself.
  function goOnFrom(row) {
    const later = rows.slice(rows.indexOf(row) + 1).find((other) => other.isOpen() && isShown(other));
    (later ?? row).focus();
  }

  function key(event, letter) {
    const row = rows.find((one) => one.element.contains(event.target));
    if (/^[0-9]$/.test(event.key)) {
      const to = row ?? rows.find((one) => one.isOpen() && isShown(one));
      const given = to?.digit(Number(event.key));
      if (given?.isDone) goOnFrom(to);
      return Boolean(given);
    }
    const isSlider = event.target.type === "range";
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (row && by && !isSlider) {
      const shown = rows.filter(isShown);
      shown[shown.indexOf(row) + by]?.focus();
      return true;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (row && step && event.target === row.element) {
      row.step(step);
      return true;
    }
    if (!choices.isAsked && choices.letters.includes(letter)) {
      const ofImage = rows.filter((one) => one.letter === letter && isShown(one));
      (ofImage.find((one) => one.isOpen()) ?? ofImage[0])?.focus();
      return true;
    }
    return false;
  }

  screens.back?.addEventListener("click", () => {
    screens.move(-1);
    changed();
  });

  return {
    key,
    showMissing,
    missing: () => open() !== null,
    any: () => rows.some((row) => row.has()),
    // To what is missing, as "Next" was pressed.
    lead(gap) {
      if (gap === "question") goTo(open());
      else form.querySelector(".stage").scrollIntoView({ block: "nearest" });
    },
    // The next image, of questions that are asked one image at a time; false after the last.
    goOn() {
      if (!screens.move(1)) return false;
      rows.find(isShown)?.focus();
      scrollTo(0, 0);
      return true;
    },
    forget() {
      try {
        sessionStorage.removeItem(draft);
      } catch {
        // Private windows may have no storage.
      }
    },
  };
}
