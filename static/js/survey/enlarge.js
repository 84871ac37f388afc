// Shows an image in full size; a swipe or the arrow keys show the next one.
export function makeEnlarge(dialog, form, choices, note) {
  const large = dialog.querySelector("img");
  const label = dialog.querySelector(".enlarged-letter");
  const choose = dialog.querySelector(".choose");
  let letter = choices.letters[0];
  let start = null;

  function draw() {
    const image = form.querySelector(`.choice[data-letter=${letter}] img`);
    large.src = image.currentSrc || image.src;
    large.alt = image.alt;
    showFull(image.closest(".choice").querySelector(".enlarge").href);
    label.textContent = letter;
    const { undo, first, second } = choose.dataset;
    const place = choices.freePlace();
    const make = choose.getAttribute(`data-make-${place}`) ?? (place === "first" ? first : second);
    choose.textContent = choices.placeOf(letter) ? undo : make;
    choose.hidden = !choices.isAsked;
  }

  // The size on the page is there at once; the full one replaces it as soon as it has loaded, if there is a connection.
  function showFull(address) {
    const shown = letter;
    const full = new Image();
    full.src = address;
    full.decode().then(
      () => {
        if (letter === shown) large.src = address;
      },
      () => {},
    );
  }

  function move(step) {
    const place = choices.letters.indexOf(letter) + step;
    letter = choices.letters[(place + choices.letters.length) % choices.letters.length];
    note("enlarge", { image: letter });
    draw();
  }

  form.querySelectorAll(".enlarge").forEach((link) => {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      letter = link.closest(".choice").dataset.letter;
      note("enlarge", { image: letter });
      draw();
      dialog.showModal();
    });
  });
  dialog
    .querySelectorAll("[data-step]")
    .forEach((button) => button.addEventListener("click", () => move(Number(button.dataset.step))));
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  choose.addEventListener("click", () => {
    choices.pick(letter);
    draw();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") move(1);
    else if (event.key === "ArrowLeft") move(-1);
  });
  large.addEventListener("pointerdown", (event) => {
    start = event.clientX;
  });
  large.addEventListener("pointerup", (event) => {
    const distance = start === null ? 0 : event.clientX - start;
    start = null;
    if (Math.abs(distance) > 40) move(distance < 0 ? 1 : -1);
    else if (event.pointerType === "mouse") dialog.close();
  });
  large.addEventListener("dragstart", (event) => event.preventDefault());
}
