/**
 * Server-sent events, with a state that can be shown and no gap after a cut.
 *
 * A browser keeps at most six connections to one host, all its tabs together: so a page that nobody sees lets go of
 * its streams, and catches up when it is seen again.
 */
import { useEffect, useRef, useState } from "react";

export type StreamState = "connecting" | "live" | "lost" | "ended";

export interface StreamOptions {
  /** Names of events to be told of. */
  events: readonly string[];
  /** One event: its name, its data (parsed JSON), its id. */
  onEvent: (name: string, data: unknown, id: string) => void;
  /** Number of the last event already known; asked for as `after`. */
  after?: string;
  /** The server said that nothing more comes (an event of this name). */
  endsWith?: string;
}

const PAUSES_MS = [500, 1000, 2000, 5000, 10_000];

/** Follow `url` while it is not null and the page is seen. */
export function useEventStream(url: string | null, options: StreamOptions): StreamState {
  const [state, setState] = useState<StreamState>("connecting");
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    if (url === null) return;
    let source: EventSource | null = null;
    let timer = 0;
    let failures = 0;
    let last = latest.current.after ?? "";
    let over = false;

    function open() {
      if (over || source !== null || document.hidden) return;
      const full = new URL(url as string, window.location.origin);
      if (last) full.searchParams.set("after", last);
      source = new EventSource(full);
      source.onopen = () => {
        failures = 0;
        setState("live");
      };
      source.onerror = () => {
        close();
        if (over) return;
        setState("lost");
        timer = window.setTimeout(open, PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)]);
      };
      for (const name of latest.current.events)
        source.addEventListener(name, (event) => {
          if (event.lastEventId) last = event.lastEventId;
          latest.current.onEvent(name, JSON.parse(event.data), event.lastEventId);
          if (name === latest.current.endsWith) {
            over = true;
            close();
            setState("ended");
          }
        });
    }
    function close() {
      window.clearTimeout(timer);
      source?.close();
      source = null;
    }
    function seenOrNot() {
      if (document.hidden) close();
      else open();
    }
    setState("connecting");
    open();
    document.addEventListener("visibilitychange", seenOrNot);
    window.addEventListener("online", open);
    return () => {
      over = true;
      close();
      document.removeEventListener("visibilitychange", seenOrNot);
      window.removeEventListener("online", open);
    };
  }, [url]);
  return state;
}
