// What every page of the console uses. Without script all pages work too: forms post, links lead to pages.

// On narrow windows a button folds the path in and out.
for (const button of document.querySelectorAll("[data-nav-toggle]")) {
  button.addEventListener("click", () => {
    const open = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("expanded");
    button.setAttribute("aria-expanded", String(open));
    if (open) showCurrent();
  });
}

// The path scrolls on low windows and in the menu of phones; bring the current step into view.
function showCurrent() {
  document.querySelector(".nav-steps [aria-current]")?.scrollIntoView({ block: "nearest" });
}
showCurrent();

// After a form was refused, focus the list of errors.
document.querySelector("[data-focus]")?.focus();

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// The menu of a row closes on Escape and on a click elsewhere.
document.addEventListener("click", (event) => {
  const clicked = event.composedPath(); // also of what the click has removed
  for (const menu of document.querySelectorAll(".row-menu[open]")) if (!clicked.includes(menu)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && !event.isComposing && document.querySelector(".row-menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
