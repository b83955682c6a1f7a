import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { deletable, stoppable, useJobActions } from "./actions.tsx";
import styles from "./jobs.module.css";
import { TagDialog } from "./TagDialog.tsx";
import { idOf, type Job } from "./types.ts";

/** What can be done with the ticked jobs; each button says to how many of them it applies. */
export function BatchBar({ jobs, onClear }: { jobs: readonly Job[]; onClear: () => void }) {
  const { t } = useTranslation();
  const actions = useJobActions(onClear);
  const [tags, setTags] = useState(false);
  const stops = stoppable(jobs).length;
  const deletes = deletable(jobs).length;
  return (
    <section className={styles.batch} aria-label={t("jobs.chosen", { count: jobs.length })}>
      <strong className="tabular">{t("jobs.chosen", { count: jobs.length })}</strong>
      <ButtonLink to={`/jobs/compare?ids=${jobs.map(idOf).join(",")}`}>{t("jobs.compare")}</ButtonLink>
      {actions.mayUpdate ? <Button onClick={() => setTags(true)}>{t("jobs.tag.ask")}</Button> : null}
      {actions.mayStop ? (
        <Button disabled={stops === 0} onClick={() => actions.stop(jobs)}>
          {t("jobs.stopSome", { count: stops })}
        </Button>
      ) : null}
      {actions.mayDelete ? (
        <Button
          danger
          disabled={deletes === 0}
          onClick={() => actions.remove(jobs)}
          title={deletes < jobs.length ? t("jobs.deleteOnlyFinal") : ""}
        >
          {t("jobs.deleteSome", { count: deletes })}
        </Button>
      ) : null}
      <Button type="text" onClick={onClear}>
        {t("jobs.clearChoice")}
      </Button>
      <TagDialog jobs={jobs} open={tags} onClose={() => setTags(false)} />
    </section>
  );
}
