/** What is looked at, as the address says it: any place in any log can be sent to a colleague. */
import { useCallback, useMemo, useReducer } from "react";
import { useLocation, useSearchParams } from "react-router";
import type { SearchWords } from "../../api/logs.ts";
import type { Target } from "./source.ts";

export const ALL = "all";

const DEFAULTS = {
  task: "",
  attempt: "",
  line: "",
  /** A line without a number: its task and offset. */
  mark: "",
  /** `error`: the first error. */
  at: "",
  q: "",
  regex: "",
  case: "",
  /** `errors`: lines that tell of errors are searched instead of words. */
  find: "",
  /** `0`: without the platform's lines. */
  system: "",
};

export type LogUrl = ReturnType<typeof useLogUrl>;

type State = typeof DEFAULTS;
type Change = Partial<Record<keyof State, string | null>>;

/**
 * The address as the browser has it. The router renders a changed one when there is time for it, and a log that grows
 * fast leaves none for seconds; so it is read where it is, and what is changed here is rendered at once.
 */
function useSearchNow() {
  const [rendered, setSearch] = useSearchParams();
  const { pathname } = useLocation();
  const [, renderAgain] = useReducer((times: number) => times + 1, 0);
  const isHere = window.location.pathname.endsWith(pathname); // else the page is being left
  const text = isHere ? window.location.search : `?${rendered}`;
  const search = useMemo(() => new URLSearchParams(text), [text]);
  const change = useCallback(
    (values: Change, { push = false } = {}) => {
      const after = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === undefined || value === DEFAULTS[name as keyof State])
          after.delete(name);
        else after.set(name, value);
      }
      setSearch(after, { replace: !push });
      renderAgain();
    },
    [setSearch],
  );
  return [search, change] as const;
}

export function useLogUrl() {
  const [search, set] = useSearchNow();
  const state = useMemo(() => {
    const values = { ...DEFAULTS };
    for (const name of Object.keys(values) as (keyof State)[])
      values[name] = search.get(name) ?? values[name];
    return values;
  }, [search]);
  const { line, mark } = state;
  const target = useMemo(() => targetOf(line, mark), [line, mark]);
  const words = useMemo<SearchWords | null>(() => {
    const system = state.system !== "0";
    if (state.find === "errors") return { errors: true, system };
    return state.q ? { query: state.q, regex: state.regex === "1", case: state.case === "1", system } : null;
  }, [state.q, state.regex, state.case, state.find, state.system]);
  return { state, set, search, target, words };
}

export function targetOf(line: string, mark: string): Target | null {
  if (/^[1-9]\d{0,15}$/.test(line)) return { kind: "line", line: Number(line) };
  const found = /^(.+):(\d{1,15})$/.exec(mark);
  return found ? { kind: "offset", task: found[1] as string, offset: Number(found[2]) } : null;
}

interface Place {
  task: string;
  offset: number;
  number: number;
}

/** The address' parameters for a line: its number where one log is shown and its lines are counted. */
export function addressOf({ task, offset, number }: Place, isMerged: boolean) {
  if (number && !isMerged) return { line: String(number), mark: null, at: null };
  return { line: null, mark: `${task}:${offset}`, at: null };
}

/** Whether this is the line that the address names. */
export function isTarget(row: Place, target: Target | null): boolean {
  if (target === null) return false;
  if (target.kind === "line") return row.number === target.line;
  return row.task === target.task && row.offset === target.offset;
}
