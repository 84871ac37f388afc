// A new schedule is written in the time zone of this browser, unless another is chosen.
const choice = document.querySelector("[data-time-zone][data-guess] select");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (choice && !choice.closest("form").querySelector(".errorlist") && [...choice.options].some((o) => o.value === here))
  choice.value = here;
