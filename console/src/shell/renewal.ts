import { api } from "../api/client.ts";

// When the page was loaded anew is kept for a while: no page reloads in circles.
const KEY = "trainwright.renewed";
const PAUSE_MS = 30_000;

/**
 * Load the page anew when a part of it is gone: the server was updated since, and its files have other names now.
 *
 * Only while the server answers: a page that stands is better than the browser's that says there is no server.
 */
export function renewAfterUpdates(): void {
  window.addEventListener("vite:preloadError", () => void renew());
}

async function renew(): Promise<void> {
  const now = Date.now();
  if (now - Number(sessionStorage.getItem(KEY) ?? 0) < PAUSE_MS) return;
  sessionStorage.setItem(KEY, String(now));
  try {
    await api.GET("/v1/session");
  } catch {
    return; // what could not be loaded is said where it was to be
  }
  window.location.reload();
}
