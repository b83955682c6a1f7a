import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../../api/client.ts";
import { useSession } from "../../api/session.tsx";
import { jobKeys } from "../../jobs/queries.ts";
import { useNotice } from "../../shared/notice.tsx";
import { Section } from "../../shared/Page.tsx";
import { jobTagsQuery } from "../queries.ts";
import styles from "./config.module.css";

/** The job's tags; whoever may change the job adds and removes them here. */
export function Tags({ id }: { id: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const notice = useNotice();
  const queries = useQueryClient();
  const tags = useQuery(jobTagsQuery(id)).data?.tags ?? [];
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const mayChange = may("modelarts:trainJob:update");
  const params = { path: inProject({ training_job_id: id }) };

  async function change(call: Promise<unknown>) {
    try {
      await call;
      await queries.invalidateQueries({ queryKey: jobKeys.one(id) });
    } catch (error) {
      notice.failed(error);
    }
  }
  async function add() {
    await change(
      api.POST("/v2/{project_id}/modelarts-training-job/{training_job_id}/tags/create", {
        params,
        body: { tags: [{ key: key.trim(), value: value.trim() }] },
      }),
    );
    setKey("");
    setValue("");
  }

  return (
    <Section title={t("jobs.col.tags")}>
      <div>
        {tags.length === 0 ? <span className="quiet">{t("job.config.noTags")}</span> : null}
        {tags.map((tag) => (
          <Tag
            key={tag.key}
            closable={mayChange}
            closeIcon={
              <span role="img" aria-label={t("job.config.removeTag", { name: tag.key })}>
                ×
              </span>
            }
            onClose={(event) => {
              event.preventDefault();
              void change(
                api.DELETE("/v2/{project_id}/modelarts-training-job/{training_job_id}/tags/delete", {
                  params,
                  body: { tags: [{ key: tag.key }] },
                }),
              );
            }}
          >
            {tag.value ? `${tag.key}=${tag.value}` : tag.key}
          </Tag>
        ))}
      </div>
      {mayChange ? (
        <form
          className={styles.add}
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <Input
            value={key}
            aria-label={t("job.config.tagKey")}
            placeholder={t("job.config.tagKey")}
            onChange={(event) => setKey(event.target.value)}
          />
          <Input
            value={value}
            aria-label={t("job.config.tagValue")}
            placeholder={t("job.config.tagValue")}
            onChange={(event) => setValue(event.target.value)}
          />
          <Button htmlType="submit" disabled={key.trim() === ""}>
            {t("job.config.addTag")}
          </Button>
        </form>
      ) : null}
    </Section>
  );
}
