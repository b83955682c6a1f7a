import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Modal, Radio, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type LogLink, revokeLogLink, shareLog } from "../../api/logs.ts";
import { CopyButton } from "../../shared/CopyButton.tsx";
import { Problem } from "../../shared/Problem.tsx";
import { Ago, Exact } from "../../shared/Times.tsx";
import styles from "./logs.module.css";
import { linksQuery } from "./queries.ts";

interface ShareDialogProps {
  job: string;
  task: string;
  tasks: readonly string[];
  open: boolean;
  onClose: () => void;
}

/** Two ways to show a log to others: this view for who may see the job, a link for an hour for anybody. */
export function ShareDialog(props: ShareDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      title={t("logs.share")}
      open={props.open}
      onCancel={props.onClose}
      footer={null}
      width={600}
      destroyOnHidden
    >
      <Sharing {...props} />
    </Modal>
  );
}

function Sharing({ job, task, tasks }: ShareDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(task);
  const [isDownload, setDownload] = useState(false);
  const [made, setMade] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const links = useQuery(linksQuery(job));

  async function run(work: () => Promise<unknown>) {
    setBusy(true);
    setError(null);
    try {
      await work();
      await queries.invalidateQueries({ queryKey: linksQuery(job).queryKey });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className={styles.sharing}>
      <h3>{t("logs.thisView")}</h3>
      <p className="quiet">{t("logs.thisViewHint")}</p>
      <Address text={window.location.href} label={t("logs.thisView")} />
      <h3>{t("logs.forAnybody")}</h3>
      <p className="quiet">{t("logs.forAnybodyHint")}</p>
      <Space wrap>
        {tasks.length > 1 ? (
          <Select
            value={chosen}
            aria-label={t("logs.task")}
            options={tasks.map((name) => ({ value: name, label: name }))}
            onChange={setChosen}
          />
        ) : null}
        <Radio.Group
          value={isDownload}
          onChange={(event) => setDownload(event.target.value as boolean)}
          options={[
            { value: false, label: t("logs.linkShows") },
            { value: true, label: t("logs.linkSaves") },
          ]}
        />
        <Button
          type="primary"
          loading={isBusy}
          onClick={() => void run(async () => setMade((await shareLog(job, chosen, isDownload)).obs_url))}
        >
          {t("logs.makeLink")}
        </Button>
      </Space>
      {made ? <Address text={made} label={t("logs.link")} /> : null}
      {error ? <Problem error={error} /> : null}
      {links.error ? <Problem error={links.error} onRetry={() => void links.refetch()} /> : null}
      {links.data && links.data.items.length > 0 ? (
        <>
          <h3>{t("logs.openLinks")}</h3>
          <ul className={styles.links}>
            {links.data.items.map((link) => (
              <Link
                key={link.id}
                link={link}
                onRevoke={() =>
                  void run(async () => {
                    await revokeLogLink(job, link.id);
                    setMade("");
                  })
                }
              />
            ))}
          </ul>
        </>
      ) : null}
    </div>
  );
}

function Address({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles.address}>
      <Input
        readOnly
        value={text}
        aria-label={label}
        className="mono"
        onFocus={(event) => event.target.select()}
      />
      <CopyButton text={text} />
    </div>
  );
}

function Link({ link, onRevoke }: { link: LogLink; onRevoke: () => void }) {
  const { t } = useTranslation();
  return (
    <li>
      <span className="mono">{link.task}</span>
      <span>{t("job.attempt", { number: link.attempt })}</span>
      <span>{link.user_name}</span>
      <span className="quiet">
        <Ago at={link.create_time} />
      </span>
      <span className="quiet">
        {t("logs.until")} <Exact at={link.expire_time} />
      </span>
      <Button size="small" danger onClick={onRevoke}>
        {t("logs.revoke")}
      </Button>
    </li>
  );
}
