import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { trail } from "../shared/obsPath.ts";
import styles from "./Crumbs.module.css";

/** The way from all buckets to `key`; `step` draws each stop, the last one is where one is. */
export function Crumbs({
  bucket,
  path,
  step,
}: {
  bucket: string;
  path: string;
  /** Bucket "" is the list of buckets. */
  step: (stop: { bucket: string; key: string; name: string; isHere: boolean }) => ReactNode;
}) {
  const { t } = useTranslation();
  const stops = [
    { bucket: "", key: "", name: t("storage.allBuckets") },
    ...(bucket ? [{ bucket, key: "", name: bucket }] : []),
    ...trail(path).map((stop) => ({ bucket, ...stop })),
  ];
  return (
    <nav aria-label={t("storage.where")} className={styles.crumbs}>
      <ol>
        {stops.map((stop, index) => {
          const isHere = index === stops.length - 1;
          return (
            <li key={`${stop.bucket}/${stop.key}`} aria-current={isHere ? "location" : undefined}>
              {step({ ...stop, isHere })}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
