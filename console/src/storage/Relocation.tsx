import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Progress } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "../api/errors.ts";
import { count } from "../shared/format.ts";
import { useNotice } from "../shared/notice.tsx";
import { ObjectPicker } from "../shared/ObjectPicker.tsx";
import { obsUri, parseObs } from "../shared/obsPath.ts";
import { Problem } from "../shared/Problem.tsx";
import { FolderUse } from "./FolderUse.tsx";
import { copyTo, keyIn, type Place } from "./many.ts";
import { changed, type Entry } from "./queries.ts";
import styles from "./Relocation.module.css";

interface RelocationProps {
  bucket: string;
  prefix: string;
  entries: readonly Entry[];
  move: boolean;
  onClose: (isDone: boolean) => void;
}

const EXISTS = 409;

/** Copies or moves files and folders into a folder that is chosen first. */
export function Relocation({ bucket, prefix, entries, move, onClose }: RelocationProps) {
  const { t } = useTranslation();
  const [target, setTarget] = useState<Place | null>(null);
  const slots = { n: count(entries.length), count: entries.length };
  if (target === null)
    return (
      <ObjectPicker
        open
        mode="folder"
        title={t(move ? "storage.moveTitle" : "storage.copyTitle", slots)}
        initial={obsUri(bucket, prefix)}
        onCancel={() => onClose(false)}
        onPick={(path) => {
          const place = parseObs(path);
          if (place) setTarget({ bucket: place.bucket, prefix: place.key });
        }}
      />
    );
  return <Running bucket={bucket} entries={entries} move={move} target={target} onClose={onClose} />;
}

/** Does it one after the other; what is at the target already is asked about. */
function Running({
  bucket,
  entries,
  move,
  target,
  onClose,
}: Omit<RelocationProps, "prefix"> & { target: Place }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [at, setAt] = useState(0);
  const [objects, setObjects] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState({ from: 0, overwrites: false });
  const finish = useRef({ onClose, done, t });
  finish.current = { onClose, done, t };
  useEffect(() => {
    const stop = new AbortController();
    let place = attempt.from;
    async function run() {
      try {
        for (; place < entries.length; place += 1) {
          const entry = entries[place] as Entry;
          setAt(place);
          const key = keyIn(target.prefix, entry);
          const overwrite = attempt.overwrites && place === attempt.from;
          const how = { move, overwrite };
          await copyTo(
            bucket,
            entry,
            { bucket: target.bucket, key },
            how,
            (some) => setObjects((before) => before + some),
            stop.signal,
          );
        }
        finish.current.done(finish.current.t(move ? "storage.moved" : "storage.copied"));
        finish.current.onClose(true);
      } catch (failure) {
        if (!stop.signal.aborted) setError(failure);
      } finally {
        changed(queries, bucket);
        changed(queries, target.bucket);
      }
    }
    // A moment later, so that an effect that is undone at once has done nothing.
    const timer = window.setTimeout(() => void run());
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [attempt, bucket, entries, move, target, queries]);
  const entry = entries[at];
  const isThere = isApiError(error) && error.status === EXISTS;
  const next = (from: number, overwrites: boolean) => {
    setError(null);
    if (from < entries.length) setAttempt({ from, overwrites });
    else onClose(true);
  };
  return (
    <Modal
      open
      title={t(move ? "storage.moving" : "storage.copying", {
        where: obsUri(target.bucket, target.prefix),
      })}
      mask={{ closable: false }}
      onCancel={() => onClose(at > 0)}
      footer={
        error ? (
          <>
            <Button onClick={() => onClose(at > 0)}>{t("common.cancel")}</Button>
            {entries.length > 1 ? (
              <Button onClick={() => next(at + 1, false)}>{t("storage.skip")}</Button>
            ) : null}
            {isThere ? (
              <Button danger type="primary" onClick={() => next(at, true)}>
                {t("storage.replaceOne")}
              </Button>
            ) : (
              <Button type="primary" onClick={() => next(at, attempt.overwrites)}>
                {t("common.retry")}
              </Button>
            )}
          </>
        ) : (
          <Button onClick={() => onClose(at > 0)}>{t("storage.stop")}</Button>
        )
      }
    >
      <div className={styles.body}>
        <span>{entry?.name}</span>
        <Progress
          percent={(at / entries.length) * 100}
          format={() => `${count(objects)}`}
          aria-label={entry?.name ?? ""}
        />
        {move ? <FolderUse bucket={bucket} keys={entries.map((one) => one.key)} what="gone" /> : null}
        {error ? <Problem error={error} /> : null}
      </div>
    </Modal>
  );
}
