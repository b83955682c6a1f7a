import { DownloadOutlined } from "@ant-design/icons";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { project } from "../api/client.ts";
import { readBytes } from "../api/objects.ts";
import { Busy } from "../shared/Busy.tsx";
import { bytes } from "../shared/format.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { nameOf, suffixOf } from "../shared/obsPath.ts";
import { Problem } from "../shared/Problem.tsx";
import { decoded, type Kind, kindOf, prettyJson, SHOWN_MAX, typeOf } from "./content.ts";
import styles from "./Preview.module.css";
import { TableView } from "./TableView.tsx";

export const LazyEditor = lazy(async () => ({
  default: (await import("./editor/CodeEditor.tsx")).CodeEditor,
}));

/** The first bytes of what lies at `url`; `etag` is part of the key, so that another content is another entry. */
export const bytesQuery = (url: string, limit: number, etag: string) =>
  queryOptions({
    queryKey: [project(), "bytes", url, limit, etag],
    queryFn: ({ signal }) => readBytes(url, limit, signal),
    staleTime: 60_000,
    gcTime: 60_000,
  });

interface PreviewProps {
  url: string;
  /** Key or path: its suffix says what it is. */
  name: string;
  size: number;
  etag: string;
}

/** A file's content, as far as it can be shown: text, table, image, sound, video. */
export function Preview({ url, name, size, etag }: PreviewProps) {
  const { t } = useTranslation();
  const kind = kindOf(name);
  const isMedia = kind === "image" || kind === "audio" || kind === "video";
  const isTooLarge = isMedia && size > SHOWN_MAX[kind];
  const canShow = kind !== "binary" && !isTooLarge && size > 0;
  const query = useQuery({ ...bytesQuery(url, SHOWN_MAX[kind] || 1, etag), enabled: canShow });
  if (size === 0) return <Nothing title={t("storage.emptyFile")} />;
  if (!canShow)
    return (
      <NoPreview
        url={url}
        name={name}
        hint={isTooLarge ? t("storage.tooLarge", { size: bytes(size) }) : t("storage.noKind")}
      />
    );
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Busy />;
  return isMedia ? (
    <Media blob={query.data.blob} kind={kind} name={name} />
  ) : (
    <Text blob={query.data.blob} size={query.data.size} kind={kind} name={name} url={url} />
  );
}

export function NoPreview({ url, name, hint }: { url: string; name: string; hint: string }) {
  const { t } = useTranslation();
  return (
    <Nothing
      title={t("storage.noPreview")}
      hint={hint}
      action={
        <Button icon={<DownloadOutlined />} href={url} download={nameOf(name)}>
          {t("storage.download")}
        </Button>
      }
    />
  );
}

function Media({ blob, kind, name }: { blob: Blob; kind: Kind; name: string }) {
  const { t } = useTranslation();
  const [source, setSource] = useState("");
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([blob], { type: typeOf(name) }));
    setSource(made);
    setBroken(false);
    return () => URL.revokeObjectURL(made);
  }, [blob, name]);
  if (source === "") return null;
  if (isBroken) return <Nothing title={t("storage.broken")} />;
  const rest = { src: source, onError: () => setBroken(true) };
  return (
    <div className={styles.media}>
      {kind === "image" ? (
        <img {...rest} alt={nameOf(name)} />
      ) : kind === "audio" ? (
        <audio {...rest} controls aria-label={nameOf(name)} />
      ) : (
        <video {...rest} controls aria-label={nameOf(name)} />
      )}
    </div>
  );
}

type View = "table" | "pretty" | "raw";

function Text({
  blob,
  size,
  kind,
  name,
  url,
}: {
  blob: Blob;
  size: number;
  kind: Kind;
  name: string;
  url: string;
}) {
  const { t } = useTranslation();
  const [view, setView] = useState<View | null>(null);
  const isCut = size > blob.size;
  const text = useDecoded(blob, isCut);
  const pretty = useMemo(
    () => (text && !isCut && [".json", ".ipynb"].includes(suffixOf(name)) ? prettyJson(text) : null),
    [text, isCut, name],
  );
  if (text === undefined) return <Busy />;
  if (text === null) return <NoPreview url={url} name={name} hint={t("storage.noKind")} />;
  const views: View[] =
    kind === "table"
      ? ["table", "raw"]
      : pretty !== null && pretty !== text.trimEnd()
        ? ["raw", "pretty"]
        : [];
  const now = view ?? views[0] ?? "raw";
  return (
    <div className={styles.text}>
      {views.length > 0 || isCut ? (
        <div className={styles.bar}>
          {views.length > 0 ? (
            <Segmented
              size="small"
              value={now}
              options={views.map((value) => ({ value, label: t(`storage.view.${value}`) }))}
              onChange={setView}
            />
          ) : null}
          {isCut ? (
            <span className="quiet">{t("storage.cut", { shown: bytes(blob.size), size: bytes(size) })}</span>
          ) : null}
        </div>
      ) : null}
      {now === "table" ? (
        <TableView text={text} separator={suffixOf(name) === ".tsv" ? "\t" : ","} isCut={isCut} />
      ) : (
        <Code>
          <LazyEditor key={now} value={now === "pretty" ? (pretty ?? text) : text} name={name} readOnly />
        </Code>
      )}
    </div>
  );
}

/** A frame for the editor, which comes when it is loaded. */
export function Code({ children }: { children: ReactNode }) {
  return (
    <div className={styles.code}>
      <Suspense fallback={<Busy />}>{children}</Suspense>
    </div>
  );
}

/** The blob's text: undefined while it is read, null when it is none. */
function useDecoded(blob: Blob, isCut: boolean): string | null | undefined {
  const [text, setText] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    let isLast = true;
    void blob.arrayBuffer().then((buffer) => {
      if (isLast) setText(decoded(new Uint8Array(buffer), isCut)?.text ?? null);
    });
    return () => {
      isLast = false;
    };
  }, [blob, isCut]);
  return text;
}
