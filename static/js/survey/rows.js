// One field of a question: the steps of a scale, a slider, categories, or a line. The plain form's own fields hold the
// answer; a slider is drawn beside its field, and says nothing until it is touched.
export function makeRow(element, unset, note, changed) {
  const inputs = [...element.querySelectorAll("[name]")];
  const answers = inputs.filter((input) => !input.closest(".plain-only, .cannot"));
  const cannot = element.querySelector(".cannot input");
  const { control, letter = "" } = element.dataset;
  const isTick = (input) => input.type === "radio" || input.type === "checkbox";
  const has = () => inputs.some((input) => (isTick(input) ? input.checked && input.value : input.value.trim()));
  let range = null;
  let count = null;
  element.tabIndex = -1;

  function drawSlider() {
    const [field] = answers;
    const isSet = field.value !== "";
    range.classList.toggle("unset", !isSet);
    if (isSet) {
      range.value = field.value;
      range.removeAttribute("aria-valuetext");
    } else range.setAttribute("aria-valuetext", unset);
    count.hidden = isSet || cannot?.checked;
  }

  function makeSlider() {
    const [field] = answers;
    range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: field.max, step: 1 });
    range.value = String(field.max / 2);
    range.setAttribute("aria-label", field.getAttribute("aria-label"));
    count = Object.assign(document.createElement("span"), { className: "unset-text", textContent: unset });
    const take = (event) => {
      field.value = range.value;
      settle(event, field);
    };
    range.addEventListener("input", take);
    // A tap where the slider stands already changes nothing by itself, and is an answer all the same.
    range.addEventListener("pointerup", take);
    range.addEventListener("keydown", (event) => {
      if (event.key !== " " || field.value !== "") return;
      event.preventDefault();
      take(event);
    });
    field.before(range);
    field.after(count);
    drawSlider();
  }

  // After a change by hand: a value and "cannot say" exclude each other.
  function settle(event, input) {
    if (range) {
      if (input === cannot && cannot.checked) answers[0].value = "";
      else if (input !== cannot && cannot) cannot.checked = false;
      drawSlider();
    }
    note("rate", { image: letter, trusted: event.isTrusted });
    changed();
  }

  function choose(input) {
    if (!input) return false;
    input.checked = input.type === "checkbox" ? !input.checked : true;
    settle({ isTrusted: true }, input);
    return true;
  }

  // What is optional is taken back by another tap.
  function takeBack(event) {
    if (element.dataset.missing || event.target.type !== "radio") return;
    if (event.target.dataset.was === "yes") {
      event.target.checked = false;
      settle(event, event.target);
    }
    answers.forEach((input) => {
      input.dataset.was = input.checked ? "yes" : "";
    });
  }

  element.addEventListener("input", (event) => {
    if (event.target !== range) settle(event, event.target);
  });
  if (control === "chips") element.addEventListener("click", takeBack);
  if (control === "slider") makeSlider();

  return {
    element,
    letter,
    has,
    isOpen: () => Boolean(element.dataset.missing) && !has(),
    focus() {
      const target = range ?? (control === "line" ? answers[0] : element);
      target.focus({ preventScroll: true });
      element.scrollIntoView({ block: "nearest" });
    },
    // A digit gives an answer, 0 "cannot say"; returns whether it did, and whether the row is done with it.
    digit(digit) {
      if (range || control === "line") return null;
      const taken = choose(digit ? answers[digit - 1] : cannot);
      return taken ? { isDone: control !== "ticks" } : null;
    },
    // One step up or down; from nothing, the first or the last.
    step(by) {
      if (control !== "steps" && control !== "chips") return;
      const at = answers.findIndex((input) => input.checked);
      choose(answers[at < 0 ? (by > 0 ? 0 : answers.length - 1) : at + by]);
    },
    values: () => inputs.filter((input) => !isTick(input) || input.checked).map((input) => input.value),
    restore(values) {
      for (const input of inputs) {
        if (isTick(input)) input.checked = values.includes(input.value);
        else input.value = values.find((value) => value && value !== cannot?.value) ?? "";
      }
      if (range) drawSlider();
    },
  };
}

// The row's image, small: drawn from the one on the page, so that nothing more is loaded.
export function addThumbnail(row, image) {
  const place = row.element.querySelector(".row-of");
  if (!place || !image) return;
  const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
  place.prepend(canvas);
  const draw = () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    if (!width || !height) return;
    const scale = Math.min(128 / width, 128 / height);
    const [wide, high] = [width * scale, height * scale];
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, 128, 128);
    context.drawImage(image, (128 - wide) / 2, (128 - high) / 2, wide, high);
  };
  if (image.complete) draw();
  image.addEventListener("load", draw);
}
