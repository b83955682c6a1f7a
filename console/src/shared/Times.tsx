import { Tooltip } from "antd";
import { useNow } from "./clock.ts";
import { Dash } from "./Dash.tsx";
import { ago, dateTime, duration, zone } from "./format.ts";
import { useLanguage } from "./language.ts";

/** A moment as "3 min ago", exact on hover; `at` in ms. Nothing for 0. */
export function Ago({ at }: { at: number | undefined }) {
  const language = useLanguage();
  const now = useNow(10);
  if (!at) return <Dash />;
  return (
    <Tooltip title={`${dateTime(at)} ${zone()}`}>
      <time className="tabular" dateTime={new Date(at).toISOString()}>
        {ago(at, Math.max(now, at > Date.now() ? now : Date.now()), language)}
      </time>
    </Tooltip>
  );
}

/** A moment in full, in the viewer's zone. */
export function Exact({ at }: { at: number | undefined }) {
  if (!at) return <Dash />;
  return (
    <Tooltip title={zone()}>
      <time className="tabular" dateTime={new Date(at).toISOString()}>
        {dateTime(at)}
      </time>
    </Tooltip>
  );
}

/** A length of time in ms; ticks when `since` (ms) is given instead. */
export function Duration({ ms, since }: { ms?: number | undefined; since?: number | undefined }) {
  const language = useLanguage();
  const now = useNow();
  if (since) return <span className="tabular">{duration((now - since) / 1000, language)}</span>;
  return ms ? <span className="tabular">{duration(ms / 1000, language)}</span> : <Dash />;
}
