import { HddOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Busy } from "../shared/Busy.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import styles from "../shared/ObjectPicker.module.css";
import { Problem } from "../shared/Problem.tsx";
import type { BodyProps } from "./PickerBody.tsx";
import { State } from "./PickerState.tsx";
import { bucketsQuery } from "./queries.ts";
import { Virtual } from "./Virtual.tsx";

const ROW_HEIGHT = 38;

export function BucketRows({ search, onGo }: { search: string; onGo: BodyProps["onGo"] }) {
  const { t } = useTranslation();
  const query = useQuery(bucketsQuery());
  const names = (query.data ?? []).filter((name) => name.includes(search.toLowerCase()));
  if (query.isPending) return <State>{query.error ? null : <Busy />}</State>;
  if (query.error)
    return (
      <State>
        <Problem error={query.error} onRetry={() => void query.refetch()} />
      </State>
    );
  if (names.length === 0)
    return (
      <State>
        <Nothing
          title={t(search ? "storage.noneFound" : "storage.noBuckets")}
          hint={search ? undefined : t("storage.noBucketsHint")}
        />
      </State>
    );
  return (
    <Virtual
      rows={names}
      rowKey={(name) => name}
      rowHeight={ROW_HEIGHT}
      className={styles.rows}
      label={t("storage.buckets")}
      render={(name) => (
        <button type="button" className={styles.row} onClick={() => onGo(name, "")}>
          <HddOutlined aria-hidden className={styles.icon} />
          <span className={styles.name}>{name}</span>
          <span />
          <span />
        </button>
      )}
    />
  );
}
