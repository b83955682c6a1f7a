import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { bytes, count } from "../../shared/format.ts";
import { parseObs } from "../../shared/obsPath.ts";
import { Problem } from "../../shared/Problem.tsx";
import { sizeQuery } from "../asking.ts";
import styles from "../Create.module.css";

/** How much lies at a path; counted when somebody asks. */
export function PathSize({ path }: { path: string }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState("");
  const isAsked = asked !== "" && asked === path;
  const size = useQuery({ ...sizeQuery(path), enabled: isAsked });
  if (parseObs(path) === null) return null;
  if (!isAsked)
    return (
      <div className={styles.hint}>
        <Button size="small" type="link" style={{ padding: 0 }} onClick={() => setAsked(path)}>
          {t("create.data.countSize")}
        </Button>
      </div>
    );
  if (size.error) return <Problem error={size.error} onRetry={() => void size.refetch()} />;
  return (
    <div className={styles.hint} aria-live="polite">
      {size.data
        ? t(size.data.isWhole ? "create.data.size" : "create.data.sizeMore", {
            count: size.data.objects,
            objects: count(size.data.objects),
            size: bytes(size.data.bytes),
          })
        : t("create.data.counting")}
    </div>
  );
}
