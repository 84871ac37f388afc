// Choosing rows of a list: all that are shown, or from one to another with Shift.
for (const bar of document.querySelectorAll("[data-choose]")) {
  const list = document.querySelector(bar.dataset.choose);
  const all = bar.querySelector("[data-choose-all]");
  const status = bar.querySelector("[data-chosen-count]");
  const boxes = () => [...list.querySelectorAll("[data-choose-row]")];
  const shown = () => boxes().filter((box) => !box.closest("li").hidden);
  let last = null;

  function count() {
    const chosen = boxes().filter((box) => box.checked).length;
    status.textContent = chosen ? status.dataset.text.replace("{n}", String(chosen)) : "";
    const rows = shown();
    all.checked = rows.length > 0 && rows.every((box) => box.checked);
    all.indeterminate = !all.checked && rows.some((box) => box.checked);
  }

  all.closest("[hidden]")?.removeAttribute("hidden");
  all.addEventListener("change", () => {
    for (const box of shown()) box.checked = all.checked;
    count();
  });
  list.addEventListener("click", (event) => {
    const box = event.target.closest("[data-choose-row]");
    if (!box) return;
    const rows = shown();
    if (event.shiftKey && last && rows.includes(last)) {
      const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
      for (const row of rows.slice(from, to + 1)) row.checked = box.checked;
    }
    last = box;
    count();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) count();
  });
  count();
}
