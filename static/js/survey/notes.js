// Small facts about how a trial goes. They are sent now and then, and nothing depends on their arrival.
export function makeNotes(address, csrf) {
  let trial = 0;
  let kept = [];

  function send() {
    if (!kept.length) return;
    const data = new FormData();
    data.append("csrfmiddlewaretoken", csrf);
    data.append("events", JSON.stringify(kept.splice(0, 100)));
    if (!navigator.sendBeacon?.(address, data))
      fetch(address, { method: "POST", body: data, keepalive: true }).catch(() => {});
  }
  setInterval(send, 20000);
  addEventListener("pagehide", send);
  document.addEventListener("visibilitychange", () => {
    note(document.visibilityState === "hidden" ? "hidden" : "visible");
    if (document.visibilityState === "hidden") send();
  });
  addEventListener("offline", () => note("offline"));
  addEventListener("online", () => note("online"));

  function note(kind, data = {}) {
    if (kept.length < 400) kept.push({ kind, trial, data: { ...data, t: Math.round(performance.now()) / 1000 } });
  }
  return {
    note,
    send,
    at: (number) => {
      trial = number;
    },
  };
}
