import { useCallback, useSyncExternalStore } from "react";

const NARROW = "(max-width: 640px)";
const WIDE = "(min-width: 1600px)";

function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** Whether the window is as narrow as a telephone. */
export function useIsNarrow(): boolean {
  return useMedia(NARROW);
}

/** Whether the window has room for more columns than a laptop's. */
export function useIsWide(): boolean {
  return useMedia(WIDE);
}
