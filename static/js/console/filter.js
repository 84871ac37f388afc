// Shows only the rows of a list whose name contains what is typed.
for (const field of document.querySelectorAll("[data-filter]")) {
  const list = document.querySelector(field.dataset.filter);
  const none = list.parentElement.querySelector("[data-filter-empty]");
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of list.children) {
      row.hidden = !row.dataset.name.includes(wanted);
      shown += !row.hidden;
    }
    if (none) none.hidden = shown > 0;
  });
}
