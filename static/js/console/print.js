// A button that prints the page. The study's title, which may tell what is asked, stays off the sheet: browsers print
// the document's title at its edge.
const sheetTitle = document.querySelector(".sheet-title")?.textContent;
const title = document.title;
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
window.addEventListener("beforeprint", () => {
  document.title = sheetTitle ?? title;
});
window.addEventListener("afterprint", () => {
  document.title = title;
});
