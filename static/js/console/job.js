// Opens what a job has made, once, if this page was waiting for it. Without script its link does.
for (const part of document.querySelectorAll("[data-job]")) {
  const name = `job-${part.dataset.job}`;
  if (part.dataset.jobState === "waiting" || part.dataset.jobState === "running") {
    sessionStorage.setItem(name, "awaited");
  } else if (sessionStorage.getItem(name)) {
    sessionStorage.removeItem(name);
    part.querySelector("[data-open-when-ready]")?.click();
  }
}
