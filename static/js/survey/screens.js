// Questions that are asked one image at a time: the form's parts, one after the other. Without such questions there is
// one screen, of everything.
export function makeScreens(form) {
  const sections = [...form.querySelectorAll("[data-question]")];
  const choices = [...form.querySelectorAll(".choice")];
  const others = [...form.querySelectorAll(".more > :not(.asked)")];
  const ofChoice = others.filter((element) => element.matches(".tie, .tick"));
  const asksChoice = Boolean(form.dataset.asked);
  const back = form.querySelector(".step-back");
  const away = form.querySelector("a.back");
  const screens = [];
  let at = 0;

  // Questions on after each other share a screen; those of one image at a time have a screen for each image.
  for (const section of sections) {
    const last = screens.at(-1);
    if (!("alone" in section.dataset)) {
      if (!last || last.letter) screens.push({ letter: "", parts: [section] });
      else last.parts.push(section);
      continue;
    }
    if (!last && asksChoice) screens.push({ letter: "", parts: [] });
    const run = screens.filter((screen) => screen.run === section.previousElementSibling);
    for (const group of section.querySelectorAll(".asked-group")) {
      const { letter } = group.dataset;
      const same = run.find((screen) => screen.letter === letter);
      if (same) Object.assign(same, { parts: [...same.parts, section, group], run: section });
      else screens.push({ letter, parts: [section, group], run: section });
    }
  }
  const isAlone = screens.some((screen) => screen.letter);

  function show() {
    if (!isAlone) return;
    const { letter, parts } = screens[at];
    form.classList.toggle("alone", Boolean(letter));
    for (const choice of choices) choice.hidden = Boolean(letter) && choice.dataset.letter !== letter;
    for (const section of sections) {
      section.hidden = !parts.includes(section);
      section.querySelectorAll(".asked-group[data-letter]").forEach((group) => {
        group.hidden = !parts.includes(group);
      });
    }
    for (const other of others) {
      other.hidden = ofChoice.includes(other) ? Boolean(letter) : at < screens.length - 1;
    }
    back.hidden = at === 0;
    if (away) away.hidden = at > 0;
  }

  function move(by) {
    if (!isAlone || !screens[at + by]) return false;
    at += by;
    show();
    scrollTo(0, 0);
    return true;
  }

  show();
  return {
    isAlone,
    back,
    move,
    // Whether an element's screen has been reached, and the way back to it.
    isReached: (element) => !isAlone || screens.findIndex((screen) => holds(screen, element)) <= at,
    bring(element) {
      const found = screens.findIndex((screen) => holds(screen, element));
      if (isAlone && found >= 0 && found !== at) move(found - at);
    },
  };
}

// A screen of one image holds that image's group of a question, any other the whole question.
const holds = (screen, element) =>
  screen.parts.some((part) => part.contains(element) && (!screen.letter || part.dataset.letter === screen.letter));
