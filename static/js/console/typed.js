// What was typed and not saved, in this window only. Signing out in any window forgets it in all.
const START = "earsight-typed:";
const signOuts = new BroadcastChannel("earsight-sign-out");

function names() {
  return Object.keys(sessionStorage).filter((name) => name.startsWith(START));
}

export function remember(name, typed) {
  try {
    if (typed) sessionStorage.setItem(START + name, JSON.stringify(typed));
    else sessionStorage.removeItem(START + name);
  } catch {
    // Private windows may have no storage: the page itself still holds what was typed.
  }
}

export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(START + name));
  } catch {
    return null;
  }
}

export function namesFrom(start) {
  try {
    return names()
      .map((name) => name.slice(START.length))
      .filter((name) => name.startsWith(start));
  } catch {
    return [];
  }
}

function forget(isForgotten) {
  try {
    for (const name of names()) if (isForgotten(name)) sessionStorage.removeItem(name);
  } catch {
    // Nothing is stored then.
  }
}

export function forgetAll() {
  forget(() => true);
  signOuts.postMessage("");
}

export function forgetOthers(account) {
  forget((name) => !name.startsWith(`${START}${account}:`));
}

signOuts.addEventListener("message", () => forget(() => true));
