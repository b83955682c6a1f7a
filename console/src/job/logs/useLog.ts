import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { LogOf } from "../../api/logs.ts";
import { MergedLogs } from "./mergedLogs.ts";
import { LogModel } from "./model.ts";
import { OneLog } from "./oneLog.ts";
import { firstError } from "./queries.ts";
import { Scroller } from "./scroller.ts";
import type { Target } from "./source.ts";
import { addressOf, type LogUrl } from "./useLogUrl.ts";

interface OpenLog {
  model: LogModel;
  scroller: Scroller;
}

/** The logs opened: at the line that the address names, at the first error, or at the end. */
export function useLog(
  logs: readonly LogOf[],
  begun: number,
  url: LogUrl,
  onNoError: () => void,
): OpenLog | null {
  const [opened, setOpened] = useState<OpenLog | null>(null);
  const latest = useRef({ url, onNoError });
  latest.current = { url, onNoError };
  useEffect(() => {
    const [first] = logs;
    if (!first) return;
    const isOne = logs.length === 1;
    const source = isOne ? new OneLog(first) : new MergedLogs(first.job, first.attempt, begun);
    const model = new LogModel(source, latest.current.url.state.system !== "0");
    const scroller = new Scroller(model);
    setOpened({ model, scroller });
    const { state, target } = latest.current.url;
    // Whoever asks for the first error gets the log at once, and is taken there once it is found.
    void model.open(state.at === "error" ? null : target);
    return () => {
      scroller.close();
      model.close();
    };
  }, [logs, begun]);
  useFirstError(logs, opened?.model, latest);
  useTarget(opened?.model, url.target, url.state.at === "error");
  const system = url.state.system !== "0";
  useEffect(() => opened?.model.showSystem(system), [opened, system]);
  return opened;
}

/** Looks for the first error when the address asks for it (`at=error`), and names its line in the address. */
function useFirstError(
  logs: readonly LogOf[],
  model: LogModel | undefined,
  latest: { current: { url: LogUrl; onNoError: () => void } },
): void {
  const isAsked = latest.current.url.state.at === "error";
  useEffect(() => {
    if (!isAsked || !model) return;
    const abort = new AbortController();
    firstError(logs, abort.signal)
      .then((found) => {
        if (abort.signal.aborted) return;
        const { url, onNoError } = latest.current;
        if (found) url.set(addressOf(found, logs.length > 1));
        else {
          url.set({ at: null });
          onNoError();
        }
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        model.error = error;
        latest.current.url.set({ at: null });
      });
    return () => abort.abort();
  }, [isAsked, logs, model, latest]);
}

/** Goes where the address says, whenever it says something new. */
function useTarget(model: LogModel | undefined, target: Target | null, isWaiting: boolean): void {
  useEffect(() => {
    if (model && !isWaiting && target && target !== model.asked) void model.show(target);
  }, [model, target, isWaiting]);
}

/** Renders again when what is looked at of the model changes: at each change of its rows would be too often. */
export function useModel<T extends string | number | boolean>(
  model: LogModel,
  look: (model: LogModel) => T,
): T {
  return useSyncExternalStore(model.subscribe, () => look(model));
}
