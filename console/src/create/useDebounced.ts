import { useEffect, useState } from "react";

/** `value` once it has stayed the same for `pause_ms`. */
export function useDebounced<T>(value: T, pause_ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), pause_ms);
    return () => window.clearTimeout(timer);
  }, [value, pause_ms]);
  return settled;
}
