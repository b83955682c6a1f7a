import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";

const EVENTS = [
  "JobStarted",
  "JobCompleted",
  "JobFailed",
  "JobTerminated",
  "JobRestarted",
  "JobHanged",
  "JobPreempted",
];

/** Whom to tell of which events. The server keeps it with the job; it sends nothing itself yet, and the hint says so. */
export function NotificationFields() {
  const { t } = useTranslation();
  const { form, set } = useForm();
  const isOpen = form.topic !== "" || form.events.length > 0;
  return (
    <details className={styles.details} {...(isOpen ? { open: true } : {})}>
      <summary>{t("create.options.notification")}</summary>
      <p className={styles.hint}>{t("create.options.notificationHint")}</p>
      <div className={styles.wide}>
        <Field path="spec.notification.topic_urn" label={t("create.options.topic")}>
          {(control) => (
            <Input
              {...control}
              className="mono"
              value={form.topic}
              onChange={(event) => set({ topic: event.target.value.trim() })}
            />
          )}
        </Field>
        <Field path="spec.notification.events" label={t("create.options.events")}>
          {(control) => (
            <Select<string[]>
              {...control}
              mode="multiple"
              value={[...form.events]}
              options={EVENTS.map((event) => ({ value: event, label: t(`create.options.event_${event}`) }))}
              onChange={(events) => set({ events })}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
