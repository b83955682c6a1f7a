import { DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { count } from "../shared/format.ts";
import { useListState } from "../shared/listState.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { Page } from "../shared/Page.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { Ago } from "../shared/Times.tsx";
import { useWorkspace } from "../shared/workspace.ts";
import { ExperimentDialog } from "./ExperimentDialog.tsx";
import styles from "./experiments.module.css";
import { type Experiment, experimentsQuery, MAY } from "./queries.ts";
import { useDeleteExperiment } from "./useDeleteExperiment.ts";

/** The experiments of the project: groups of jobs that are compared. */
export function ExperimentsPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const [workspace] = useWorkspace();
  const [state, change] = useListState();
  const [editing, setEditing] = useState<Experiment | "new" | null>(null);
  const remove = useDeleteExperiment();
  const query = useQuery(experimentsQuery(state, workspace));
  const columns: Column<Experiment>[] = [
    {
      key: "name",
      title: t("common.name"),
      sorts: true,
      fixed: true,
      render: ({ metadata }) => (
        <Link className={styles.name as string} to={`/experiments/${metadata.id}`}>
          {metadata.name}
        </Link>
      ),
    },
    {
      key: "description",
      title: t("common.description"),
      render: ({ metadata }) => (
        <span className={styles.cut} title={metadata.description}>
          {metadata.description || <Dash />}
        </span>
      ),
    },
    {
      key: "jobs",
      title: t("experiments.jobs"),
      align: "right",
      render: ({ statistic }) => <span className="tabular">{count(statistic.job_count)}</span>,
    },
    {
      key: "update_time",
      title: t("experiments.updated"),
      sorts: true,
      align: "right",
      hidden: true,
      render: ({ metadata }) => <Ago at={metadata.update_time} />,
    },
    {
      key: "create_time",
      title: t("experiments.createdAt"),
      sorts: true,
      align: "right",
      render: ({ metadata }) => <Ago at={metadata.create_time} />,
    },
  ];
  const create = may(MAY.create) ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
      {t("experiments.new")}
    </Button>
  ) : null;
  return (
    <Page title={t("experiments.title")} actions={create}>
      <DataList
        name="experiments"
        columns={columns}
        rowKey={({ metadata }) => metadata.id}
        query={query}
        state={state}
        onChange={change}
        open={({ metadata }) => `/experiments/${metadata.id}`}
        rowActions={(experiment) => (
          <>
            {may(MAY.update) ? (
              <RowAction
                icon={<EditOutlined />}
                title={t("common.edit")}
                label={t("common.editOf", { name: experiment.metadata.name })}
                onClick={() => setEditing(experiment)}
              />
            ) : null}
            {may(MAY.delete) ? (
              <RowAction
                icon={<DeleteOutlined />}
                title={t("common.delete")}
                danger
                label={t("common.deleteOf", { name: experiment.metadata.name })}
                onClick={() => remove(experiment)}
              />
            ) : null}
          </>
        )}
        empty={
          <Nothing
            title={t("experiments.none")}
            hint={t("experiments.noneHint")}
            {...(create ? { action: create } : {})}
          />
        }
      />
      <ExperimentDialog
        open={editing !== null}
        experiment={editing === "new" ? null : editing}
        workspace={workspace}
        onClose={() => setEditing(null)}
        onMade={(id) => void navigate(`/experiments/${id}`)}
      />
    </Page>
  );
}
