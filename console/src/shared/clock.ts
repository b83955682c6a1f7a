/** One clock for all that ticks: a second's beat while anybody looks, none while the page is hidden. */
import { useSyncExternalStore } from "react";

let now = Date.now();
let timer = 0;
const listeners = new Set<() => void>();

function beat() {
  if (document.hidden) return;
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (listeners.size === 1) timer = window.setInterval(beat, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.clearInterval(timer);
  };
}

/** The time in ms, each second anew; rounded down to `step_s` seconds, so that slow things render seldom. */
export function useNow(step_s = 1): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / (step_s * 1000)) * step_s * 1000);
}
