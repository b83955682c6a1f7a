import { useEffect, useRef } from "react";

interface Keys {
  follow: () => void;
  step: (isForward: boolean) => void;
  isSearching: boolean;
}

/** `f` follows; `n` and `N` walk through matches. `/` is the page's, and goes to the search. */
export function useLogKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        target instanceof HTMLElement &&
        (target.isContentEditable || target.matches("input,textarea,select"))
      )
        return;
      if (document.querySelector(".ant-modal-wrap:not([style*='display: none'])")) return;
      if (event.key === "f") latest.current.follow();
      else if (event.key.toLowerCase() === "n" && latest.current.isSearching)
        latest.current.step(event.key === "n");
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
