// Records what happens during a trial (plays, choices, a lost connection) and sends it in batches. No answer depends
// on these records.
export function makeNotes(address, csrf) {
  let trial = 0;
  let events = [];

  function send() {
    if (!events.length) return;
    const data = new FormData();
    data.append("csrfmiddlewaretoken", csrf);
    data.append("events", JSON.stringify(events.splice(0, 100)));
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
    if (events.length < 400) events.push({ kind, trial, data: { ...data, t: Math.round(performance.now()) / 1000 } });
  }
  return {
    note,
    send,
    setTrial: (number) => {
      trial = number;
    },
  };
}
