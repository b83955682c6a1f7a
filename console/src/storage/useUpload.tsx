import { App, Button } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { listObjects } from "../api/objects.ts";
import { count } from "../shared/format.ts";
import { useNotice } from "../shared/notice.tsx";
import { type Chosen, taken } from "./chosen.ts";
import { uploads } from "./uploads.ts";
import styles from "./useUpload.module.css";

const NAMED = 5;

/** Puts files on their way into the folder `prefix`; asks first when some of them are there already. */
export function useUpload(bucket: string, prefix: string): (chosen: readonly Chosen[]) => Promise<void> {
  const { modal } = App.useApp();
  const { t } = useTranslation();
  const { failed } = useNotice();
  return useCallback(
    async (chosen) => {
      if (chosen.length === 0) return;
      let there: Set<string>;
      const start = (some: readonly Chosen[]) =>
        uploads.add(
          bucket,
          some.map(({ path, file }) => ({ key: prefix + path, file, isNew: !there.has(path) })),
        );
      try {
        there = await taken(
          prefix,
          chosen.map((one) => one.path),
          (query) => listObjects(bucket, { ...query, limit: 1000 }),
        );
      } catch (error) {
        failed(error);
        return;
      }
      if (there.size === 0) {
        start(chosen);
        return;
      }
      const named = [...there].slice(0, NAMED);
      const dialogue = modal.confirm({
        title: t("storage.replaceTitle", { n: count(there.size), total: count(chosen.length) }),
        content: (
          <>
            <ul className={styles.named}>
              {named.map((path) => (
                <li key={path}>{path}</li>
              ))}
              {there.size > NAMED ? <li>{t("storage.andMore", { n: count(there.size - NAMED) })}</li> : null}
            </ul>
            {t("storage.replaceHint")}
          </>
        ),
        width: 520,
        okText: t("storage.replace"),
        cancelText: t("common.cancel"),
        okButtonProps: { danger: true },
        onOk: () => start(chosen),
        footer: (_, { OkBtn, CancelBtn }) => (
          <>
            <CancelBtn />
            {there.size < chosen.length ? (
              <Button
                onClick={() => {
                  dialogue.destroy();
                  start(chosen.filter((one) => !there.has(one.path)));
                }}
              >
                {t("storage.skipThose")}
              </Button>
            ) : null}
            <OkBtn />
          </>
        ),
      });
    },
    [bucket, prefix, modal, t, failed],
  );
}
