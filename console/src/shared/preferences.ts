/** What a person chose for this browser: language, theme, columns… Kept in local storage, followed across tabs. */
import { useCallback, useSyncExternalStore } from "react";

export type Language = "zh" | "en";
export type Theme = "light" | "dark" | "system";

const PREFIX = "trainwright.";
const listeners = new Set<() => void>();

function changed() {
  for (const listener of listeners) listener();
}
window.addEventListener("storage", changed);

/** The kept text, or null. Storage that is refused (private windows) is as good as empty. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keep `value` under `name`; null forgets it. */
export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Nothing can be kept here; the page works all the same.
  }
  changed();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A kept value and how to change it; `fallback` while nothing valid is kept. */
export function usePreference<T>(
  name: string,
  fallback: T,
  isValid: (value: unknown) => boolean = () => true,
): [T, (value: T) => void] {
  const text = useSyncExternalStore(subscribe, () => kept(name));
  const set = useCallback((value: T) => keep(name, JSON.stringify(value)), [name]);
  if (text === null) return [fallback, set];
  try {
    const value: unknown = JSON.parse(text);
    return [isValid(value) ? (value as T) : fallback, set];
  } catch {
    return [fallback, set];
  }
}

/** The language to begin with: the kept one, else the browser's, else English. */
export function firstLanguage(): Language {
  const language = kept("language");
  if (language === "zh" || language === "en") return language;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The theme that is kept; `system` follows the operating system. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const text = useSyncExternalStore(subscribe, () => kept("theme"));
  const theme: Theme = text === "light" || text === "dark" ? text : "system";
  return [theme, (next) => keep("theme", next === "system" ? null : next)];
}

/** Whether the page is to be dark now. */
export function useIsDark(): boolean {
  const [theme] = useTheme();
  const query = "(prefers-color-scheme: dark)";
  const system = useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
  return theme === "dark" || (theme === "system" && system);
}
