import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  CloseCircleFilled,
  SearchOutlined,
  WarningOutlined,
} from "@ant-design/icons";
import { Button, Input, Tooltip } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../../shared/format.ts";
import { useProblemText } from "../../shared/Problem.tsx";
import styles from "./logs.module.css";
import type { Errors } from "./useErrors.ts";
import type { LogUrl } from "./useLogUrl.ts";
import type { useSearch } from "./useSearch.ts";

const PAUSE_MS = 300;

interface SearchBarProps {
  url: LogUrl;
  search: ReturnType<typeof useSearch>;
  errors: Errors;
  /** Leaves the field. */
  onLeave: () => void;
}

/** The search over the whole log: words, how they are meant, where one is among the matches, and the way to others. */
export function SearchBar({ url, search, errors, onLeave }: SearchBarProps) {
  const { t } = useTranslation();
  const { state, set, words } = url;
  const [text, setText] = useState(state.q);
  useEffect(() => setText(state.q), [state.q]);
  useEffect(() => {
    if (text === state.q) return;
    const timer = window.setTimeout(() => set({ q: text, find: null }), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text, state.q, set]);
  const isErrors = state.find === "errors";
  return (
    <search className={styles.search} data-hotkey="search">
      <Input
        allowClear={{ clearIcon: <CloseCircleFilled aria-label={t("common.clear")} /> }}
        size="small"
        className={styles.field as string}
        prefix={<SearchOutlined className="quiet" />}
        value={text}
        placeholder={isErrors ? t("logs.searchingErrors") : t("logs.search")}
        aria-label={t("logs.search")}
        status={search.error ? "error" : ""}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onLeave();
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          if (text !== state.q) set({ q: text, find: null });
          else search.step(!event.shiftKey);
        }}
        suffix={
          <>
            <Toggle name="case" sign="Aa" label={t("logs.matchCase")} url={url} />
            <Toggle name="regex" sign=".*" label={t("logs.regex")} url={url} />
          </>
        }
      />
      {words === null ? null : (
        <>
          <Counter search={search} />
          <Button
            size="small"
            type="text"
            icon={<ArrowUpOutlined />}
            aria-label={t("logs.previous")}
            title={`${t("logs.previous")} (Shift+Enter)`}
            onClick={() => search.step(false)}
          />
          <Button
            size="small"
            type="text"
            icon={<ArrowDownOutlined />}
            aria-label={t("logs.next")}
            title={`${t("logs.next")} (Enter)`}
            onClick={() => search.step(true)}
          />
        </>
      )}
      {errors.count > 0 || isErrors ? (
        <Tooltip title={errors.summary || t("logs.errorsHint")}>
          <Button
            size="small"
            type={isErrors ? "primary" : "default"}
            danger={!isErrors}
            aria-pressed={isErrors}
            icon={<WarningOutlined />}
            onClick={() => set(isErrors ? { find: null } : { find: "errors", q: null, at: "error" })}
          >
            {t("logs.errors", {
              count: errors.count,
              shown: count(errors.count) + (errors.isPartial ? "+" : ""),
            })}
          </Button>
        </Tooltip>
      ) : null}
    </search>
  );
}

function Toggle({
  name,
  sign,
  label,
  url,
}: {
  name: "case" | "regex";
  sign: string;
  label: string;
  url: LogUrl;
}) {
  const isOn = url.state[name] === "1";
  return (
    <Tooltip title={label}>
      <button
        type="button"
        className={styles.toggle}
        aria-label={label}
        aria-pressed={isOn}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => url.set({ [name]: isOn ? null : "1" })}
      >
        {sign}
      </button>
    </Tooltip>
  );
}

/** `3/128`, or how far the search has come. */
function Counter({ search }: { search: ReturnType<typeof useSearch> }) {
  const { t } = useTranslation();
  const said = useProblemText(search.error);
  if (search.error)
    return (
      <Tooltip title={[said.remedy, said.code].filter(Boolean).join(" ")}>
        <span className={`${styles.counter} wrong`} role="alert">
          {said.message}
        </span>
      </Tooltip>
    );
  const found = count(search.count);
  const at = search.current >= 0 ? `${count(search.current + 1)}/` : "";
  return (
    <span className={styles.counter} role="status">
      {search.count === 0 && search.isDone ? t("logs.noMatch") : `${at}${found}`}
      {search.isDone ? null : <span className="quiet"> {Math.floor(search.share * 100)} %</span>}
    </span>
  );
}
