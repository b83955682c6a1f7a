import { ClockCircleOutlined, DownloadOutlined, EnterOutlined, ShareAltOutlined } from "@ant-design/icons";
import { Button, Checkbox, Dropdown, Select, Tooltip } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { logAddress, logsArchiveAddress } from "../../api/logs.ts";
import type { Job } from "../../jobs/types.ts";
import styles from "./logs.module.css";
import { ShareDialog } from "./ShareDialog.tsx";
import { ALL, type LogUrl } from "./useLogUrl.ts";

interface ToolbarProps {
  job: Job;
  url: LogUrl;
  task: string;
  tasks: readonly string[];
  attempt: number;
  attempts: readonly number[];
  wraps: boolean;
  onWraps: (wraps: boolean) => void;
  hasTime: boolean;
  onTime: (hasTime: boolean) => void;
  /** The search. */
  children: ReactNode;
}

/** Which log, what of it is shown and how, and ways to take it away. */
export function Toolbar(props: ToolbarProps) {
  const { job, url, task, tasks, attempt, attempts, wraps, onWraps, hasTime, onTime } = props;
  const { t } = useTranslation();
  const [isSharing, setSharing] = useState(false);
  const id = job.metadata.id;
  const isAll = task === ALL;
  // Lines of one log mean nothing in another.
  const elsewhere = { line: null, mark: null, at: null };
  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t("logs.toolbar")}>
      {tasks.length > 1 ? (
        <Select
          size="small"
          className={styles.tasks as string}
          value={task}
          aria-label={t("logs.task")}
          showSearch={tasks.length > 8}
          popupMatchSelectWidth={false}
          options={[
            { value: ALL, label: t("logs.allTasks", { count: tasks.length }) },
            ...tasks.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(value: string) => url.set({ ...elsewhere, task: value }, { push: true })}
        />
      ) : (
        <span className={styles.only}>{task}</span>
      )}
      {attempts.length > 1 ? (
        <Select
          size="small"
          value={attempt}
          aria-label={t("logs.attempt")}
          popupMatchSelectWidth={false}
          options={attempts.map((number) => ({ value: number, label: t("job.attempt", { number }) }))}
          onChange={(value: number) =>
            url.set(
              { ...elsewhere, attempt: value === attempts.at(-1) ? null : String(value) },
              { push: true },
            )
          }
        />
      ) : null}
      {props.children}
      <span className={styles.tools}>
        <Checkbox
          checked={url.state.system !== "0"}
          onChange={(event) => url.set({ system: event.target.checked ? null : "0" })}
        >
          {t("logs.system")}
        </Checkbox>
        <Switch label={t("logs.wrap")} isOn={wraps} onChange={onWraps} icon={<EnterOutlined />} />
        <Switch label={t("logs.times")} isOn={hasTime} onChange={onTime} icon={<ClockCircleOutlined />} />
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              ...(isAll
                ? []
                : [
                    {
                      key: "one",
                      label: (
                        <a href={logAddress({ job: id, task, attempt })}>{t("logs.downloadOne", { task })}</a>
                      ),
                    },
                  ]),
              {
                key: "all",
                label: (
                  <a href={logsArchiveAddress(id, attempt)}>
                    {t("logs.downloadAll", { count: tasks.length })}
                  </a>
                ),
              },
            ],
          }}
        >
          <Button
            size="small"
            type="text"
            icon={<DownloadOutlined />}
            aria-label={t("logs.download")}
            title={t("logs.download")}
          />
        </Dropdown>
        <Button
          size="small"
          type="text"
          icon={<ShareAltOutlined />}
          aria-label={t("logs.share")}
          title={t("logs.share")}
          onClick={() => setSharing(true)}
        />
      </span>
      <ShareDialog
        job={id}
        task={isAll ? (tasks[0] ?? "") : task}
        tasks={tasks}
        open={isSharing}
        onClose={() => setSharing(false)}
      />
    </div>
  );
}

function Switch({
  label,
  isOn,
  onChange,
  icon,
}: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  icon: ReactNode;
}) {
  return (
    <Tooltip title={label}>
      <Button
        size="small"
        type="text"
        className={styles.switch as string}
        aria-label={label}
        aria-pressed={isOn}
        icon={icon}
        onClick={() => onChange(!isOn)}
      />
    </Tooltip>
  );
}
