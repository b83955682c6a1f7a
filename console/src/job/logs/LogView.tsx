import { Alert, Button } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LogOf } from "../../api/logs.ts";
import type { Job } from "../../jobs/types.ts";
import { Busy } from "../../shared/Busy.tsx";
import { Problem } from "../../shared/Problem.tsx";
import { usePreference } from "../../shared/preferences.ts";
import { Ends } from "./Ends.tsx";
import styles from "./logs.module.css";
import { Minimap } from "./Minimap.tsx";
import { type Mark, type Marked, marksOf } from "./marks.ts";
import type { LogModel } from "./model.ts";
import { SearchBar } from "./SearchBar.tsx";
import { Status } from "./Status.tsx";
import type { Scroller } from "./scroller.ts";
import { Toolbar } from "./Toolbar.tsx";
import { useErrors } from "./useErrors.ts";
import { useFound } from "./useFound.ts";
import { useLog, useModel } from "./useLog.ts";
import { useLogKeys } from "./useLogKeys.ts";
import { addressOf, isTarget, type LogUrl } from "./useLogUrl.ts";
import { useSearch } from "./useSearch.ts";
import { Viewer } from "./Viewer.tsx";

interface LogViewProps {
  job: Job;
  url: LogUrl;
  logs: LogOf[];
  task: string;
  tasks: readonly string[];
  attempt: number;
  attempts: readonly number[];
}

const isFlag = (value: unknown) => typeof value === "boolean";

/** One log, or all merged, with everything that is done with it. */
export function LogView(props: LogViewProps) {
  const { t } = useTranslation();
  const [hasNoError, setNoError] = useState(false);
  const opened = useLog(props.logs, begunOf(props.job, props.attempt), props.url, () => setNoError(true));
  if (opened === null) return <Busy />;
  return (
    <>
      {hasNoError ? (
        <Alert type="info" closable={{ onClose: () => setNoError(false) }} title={t("logs.noError")} />
      ) : null}
      <Opened {...props} {...opened} />
    </>
  );
}

function Opened(props: LogViewProps & { model: LogModel; scroller: Scroller }) {
  const { url, logs, tasks, model, scroller } = props;
  const { t } = useTranslation();
  const { state, set, target, words } = url;
  useModel(model, ({ state, live, isMissing }) => `${state} ${live} ${isMissing}`);
  const frame = useRef<HTMLDivElement>(null);
  const [wraps, setWraps] = usePreference("logs.wrap", false, isFlag);
  const [hasTime, setTime] = usePreference(
    logs.length > 1 ? "logs.times.merged" : "logs.times",
    logs.length > 1,
    isFlag,
  );
  const isMerged = logs.length > 1;
  const isLive = model.live !== "ended";
  const search = useSearch({
    logs,
    words,
    isLive,
    from: () => scroller.inView.find((row) => isTarget(row, target)) ?? scroller.topRow,
    isCurrent: (match) => isTarget(match, target),
    onMatch: (match) => set(addressOf(match, isMerged)),
  });
  // A user's long searches wait for each other on the server: numbers of lines are wanted before marks of errors.
  const isCounted = useModel(model, ({ source }) => source.facts.lineCount !== null);
  const errors = useErrors(logs, isMerged || isCounted);
  const matchOf = useFound(logs, words, search, scroller);
  // Where something is in the log is known once its ends are.
  const ends = useModel(model, ({ state, rows }) => `${state} ${rows.atStart}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ends change what the shares are
  const marks = useMemo<Mark[]>(() => {
    const shareOf = (line: Marked) => model.source.shareOf(line);
    return [
      ...marksOf("error", errors.places, shareOf),
      ...marksOf("match", words?.errors ? [] : search.matches, shareOf),
    ];
  }, [errors.places, search.matches, words, model, ends]);
  const follow = () => {
    set({ line: null, mark: null, at: null });
    void model.follow();
  };
  useLogKeys({ follow, step: search.step, isSearching: words !== null });
  useEffect(() => () => document.getSelection()?.removeAllRanges(), []);
  const base = useMemo(() => {
    const others = new URLSearchParams(url.search);
    for (const name of ["line", "mark", "at"]) others.delete(name);
    return others.size > 0 ? `?${others}&` : "?";
  }, [url.search]);
  return (
    <div className={styles.logs} ref={frame}>
      <Toolbar {...props} wraps={wraps} onWraps={setWraps} hasTime={hasTime} onTime={setTime}>
        <SearchBar
          url={url}
          search={search}
          errors={errors}
          onLeave={() => frame.current?.querySelector<HTMLElement>("[role=log]")?.focus()}
        />
      </Toolbar>
      {model.isMissing ? (
        <Alert
          type="warning"
          showIcon
          title={t("logs.noSuchLine", { line: state.line || state.mark })}
          action={
            <Button size="small" onClick={follow}>
              {t("logs.toEnd")}
            </Button>
          }
        />
      ) : null}
      {model.state === "failed" ? (
        <Problem error={model.error} onRetry={() => void model.open(target)} />
      ) : (
        <div className={styles.frame}>
          <Viewer
            scroller={scroller}
            label={t("logs.label", {
              task: logs.length > 1 ? t("logs.allTasks", { count: tasks.length }) : props.task,
            })}
            tasks={logs.length > 1 ? tasks : null}
            wraps={wraps}
            hasTime={hasTime}
            words={words}
            matchOf={matchOf}
            isTarget={(row) => isTarget(row, target)}
            hrefOf={(row) =>
              row.number
                ? `${base}line=${row.number}`
                : `${base}mark=${encodeURIComponent(row.task)}%3A${row.offset}`
            }
            onLine={(row) =>
              set(isTarget(row, target) ? { line: null, mark: null } : addressOf(row, isMerged))
            }
            onEnd={follow}
          >
            <Ends model={model} onSystem={() => set({ system: null })} />
          </Viewer>
          <Minimap
            scroller={scroller}
            marks={marks}
            onJump={(share) => void model.jump(share)}
            onLine={(line) => {
              set(addressOf(line, isMerged));
              if (target && isTarget(line, target)) void model.show(target); // once more, from wherever one went
            }}
          />
        </div>
      )}
      <Status model={model} />
    </div>
  );
}

/** When the attempt began, in ms. */
function begunOf(job: Job, attempt: number): number {
  const record = job.status?.running_records?.find((one) => one.attempt === attempt);
  return (record?.start_at ?? 0) * 1000;
}
