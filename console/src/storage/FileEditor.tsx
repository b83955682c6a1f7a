import { SaveOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useConfirm } from "../shared/confirm.tsx";
import { nameOf } from "../shared/obsPath.ts";
import { Problem } from "../shared/Problem.tsx";
import { Ago } from "../shared/Times.tsx";
import { draftOf, keepDraft } from "./drafts.ts";
import { languageOf } from "./editor/languages.ts";
import styles from "./FileEditor.module.css";
import { FolderUse } from "./FolderUse.tsx";
import { Code, LazyEditor } from "./Preview.tsx";
import { changed } from "./queries.ts";
import { useLeaving } from "./useLeaving.ts";
import { useSaving } from "./useSaving.ts";

interface FileEditorProps {
  bucket: string;
  path: string;
  text: string;
  etag: string;
  hasMark: boolean;
  /** Back to the preview, whose content may be another by now. */
  onClose: () => void;
}

const DRAFT_EVERY_MS = 800;

/** Edits a text and saves it; what is not saved is kept as a draft. */
export function FileEditor({ bucket, path, text, etag, hasMark, onClose }: FileEditorProps) {
  const { t } = useTranslation();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const [draft] = useState(() => draftOf(bucket, path));
  const [begun, setBegun] = useState(draft?.text ?? text);
  const [saved, setSaved] = useState(text);
  const [now, setNow] = useState(begun);
  const [at, setAt] = useState({ line: 1, column: 1 });
  const [isRestored, setRestored] = useState(draft !== null && draft.text !== text);
  const isDirty = now !== saved;
  // A draft was made from what its etag says: when that is no longer there, saving has to ask.
  const saving = useSaving(bucket, path, { etag: draft?.etag ?? etag, hasMark });
  // What is in the editor this very moment: a state is a render late for who types and saves in one go.
  const typed = useRef(begun);
  useLeaving(isDirty);

  const { save: store } = saving;
  const save = useCallback(
    async (force = false) => {
      const wanted = typed.current;
      if (await store(wanted, force)) {
        setSaved(wanted);
        setRestored(false);
      }
    },
    [store],
  );

  const keepIt = useRef(() => undefined as unknown);
  keepIt.current = () => {
    const isKept = typed.current !== saved;
    const draftNow = { text: typed.current, etag: saving.etag.current, at: Date.now() };
    keepDraft(bucket, path, isKept ? draftNow : null);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: kept a moment after the last change, of either text
  useEffect(() => {
    const timer = window.setTimeout(() => keepIt.current(), DRAFT_EVERY_MS);
    return () => window.clearTimeout(timer);
  }, [now, saved]);
  useEffect(() => () => void keepIt.current(), []);

  function discard() {
    keepDraft(bucket, path, null);
    typed.current = saved;
    setNow(saved);
    setBegun(saved);
  }
  function close() {
    const leave = () => {
      discard();
      changed(queries, bucket);
      onClose();
    };
    if (!isDirty) leave();
    else
      confirm({
        title: t("storage.editor.discardTitle", { name: nameOf(path) }),
        content: t("storage.editor.discardHint"),
        action: t("storage.discard"),
        run: async () => leave(),
      });
  }
  return (
    <div className={styles.editor}>
      {isRestored ? (
        <Alert
          type="info"
          showIcon
          title={
            <>
              {t("storage.editor.restored")} <Ago at={draft?.at} />
            </>
          }
          action={
            <Button
              size="small"
              onClick={() => {
                setRestored(false);
                saving.etag.current = etag;
                discard();
              }}
            >
              {t("storage.discard")}
            </Button>
          }
        />
      ) : null}
      <FolderUse bucket={bucket} keys={[path]} what="edit" />
      {saving.error ? <Problem error={saving.error} onRetry={() => void save()} /> : null}
      <Code>
        <LazyEditor
          value={begun}
          name={path}
          onChange={(value) => {
            typed.current = value;
            setNow(value);
          }}
          onSave={() => void save()}
          onCursor={(line, column) => setAt({ line, column })}
        />
        <footer className={styles.foot}>
          <span aria-live="polite" className={isDirty ? styles.dirty : "quiet"}>
            {t(
              saving.isSaving
                ? "storage.editor.saving"
                : isDirty
                  ? "storage.editor.dirty"
                  : "storage.editor.clean",
            )}
          </span>
          <span className={`${styles.facts} quiet tabular`}>
            {t("storage.editor.at", at)} · {languageOf(path) ?? t("storage.editor.plain")}
            {saved.includes("\r\n") ? " · CRLF" : ""}
          </span>
          <Button size="small" onClick={close}>
            {t("storage.editor.done")}
          </Button>
          <Button
            size="small"
            type="primary"
            icon={<SaveOutlined />}
            disabled={!isDirty}
            loading={saving.isSaving}
            onClick={() => void save()}
          >
            {t("storage.editor.save")}
          </Button>
        </footer>
      </Code>
      <Modal
        open={saving.conflict !== null}
        title={t(saving.conflict === "deleted" ? "storage.editor.goneTitle" : "storage.editor.conflictTitle")}
        onCancel={saving.dismiss}
        footer={
          <>
            <Button onClick={saving.dismiss}>{t("storage.editor.goOn")}</Button>
            {saving.conflict === "changed" ? (
              <Button
                onClick={() => {
                  discard();
                  changed(queries, bucket);
                  onClose();
                }}
              >
                {t("storage.editor.takeTheirs")}
              </Button>
            ) : null}
            <Button danger type="primary" onClick={() => void save(true)}>
              {t(saving.conflict === "deleted" ? "storage.editor.saveAnew" : "storage.editor.overwrite")}
            </Button>
          </>
        }
      >
        {t("storage.editor.conflictHint")}
      </Modal>
    </div>
  );
}
