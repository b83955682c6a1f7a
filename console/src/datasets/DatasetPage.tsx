import { CopyOutlined, PlusOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { copyText } from "../shared/clipboard.ts";
import { useConfirm } from "../shared/confirm.tsx";
import { Facts } from "../shared/Facts.tsx";
import { Id } from "../shared/Id.tsx";
import { useNotice } from "../shared/notice.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { WaitingPage } from "../shared/WaitingPage.tsx";
import { EditDataset, NewVersion } from "./DatasetDialog.tsx";
import { jobPath } from "./names.ts";
import { type Dataset, datasetQuery, datasetsKey, versionsQuery } from "./queries.ts";
import { VersionDrawer } from "./VersionDrawer.tsx";
import { Versions } from "./Versions.tsx";

/** One dataset: where it lies, its versions. */
export function DatasetPage() {
  const { datasetId = "" } = useParams();
  const { t } = useTranslation();
  const [url, setUrl] = useUrlState({ version: "" });
  const query = useQuery(datasetQuery(datasetId));
  const dataset = query.data;
  const above = <Link to="/datasets">{t("datasets.title")}</Link>;
  if (!dataset) return <WaitingPage title={t("datasets.one")} above={above} query={query} />;
  return (
    <Page
      title={dataset.dataset_name}
      above={above}
      aside={<Id id={dataset.dataset_id} />}
      actions={<Actions dataset={dataset} onVersion={(version) => setUrl({ version })} />}
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      <Section>
        <Facts
          items={[
            [t("datasets.folder"), <Folder key="folder" uri={dataset.data_source.data_path} />],
            [t("common.description"), dataset.description],
            [t("datasets.owner"), dataset.user_name],
            [t("datasets.created"), <Exact key="created" at={dataset.create_time} />],
            [t("datasets.updated"), <Exact key="updated" at={dataset.update_time} />],
          ]}
        />
      </Section>
      <Versions dataset={dataset} onOpen={(version) => setUrl({ version }, { push: true })} />
      <VersionDrawer dataset={dataset} versionId={url.version} onClose={() => setUrl({ version: null })} />
    </Page>
  );
}

function Folder({ uri }: { uri: string }) {
  const { t } = useTranslation();
  const { done, failed } = useNotice();
  return (
    <>
      <ObjectPath path={uri} />
      <Button
        type="text"
        size="small"
        icon={<CopyOutlined />}
        aria-label={t("storage.copyPath")}
        onClick={() => {
          copyText(uri).then(() => done(t("storage.pathCopied")), failed);
        }}
      />
    </>
  );
}

function Actions({ dataset, onVersion }: { dataset: Dataset; onVersion: (version: string) => void }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const { done } = useNotice();
  const [isMaking, setMaking] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const versions = useQuery(versionsQuery(dataset.dataset_id, 0, 20));
  const newest = versions.data?.items.find((version) => version.state === "ready");
  function remove() {
    confirm({
      title: t("datasets.deleteTitle", { name: dataset.dataset_name }),
      content: t("datasets.deleteHint", { n: versions.data?.total ?? 0 }),
      action: t("common.delete"),
      run: async () => {
        await api.DELETE("/v2/{project_id}/datasets/{dataset_id}", {
          params: { path: inProject({ dataset_id: dataset.dataset_id }) },
        });
        done(t("datasets.deleted"));
        await navigate("/datasets");
        queries.removeQueries({ queryKey: [...datasetsKey(), dataset.dataset_id] });
        await queries.invalidateQueries({ queryKey: datasetsKey() });
      },
    });
  }
  const more = [
    ...(may("modelarts:dataset:update") ? [{ key: "edit", label: t("common.edit") }] : []),
    ...(may("modelarts:dataset:delete") ? [{ key: "delete", danger: true, label: t("common.delete") }] : []),
  ];
  return (
    <>
      {more.length > 0 ? (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: more,
            onClick: ({ key }) => (key === "edit" ? setEditing(true) : remove()),
          }}
        >
          <Button>{t("datasets.more")}</Button>
        </Dropdown>
      ) : null}
      {may("modelarts:dataset:create") ? (
        <Button icon={<PlusOutlined />} onClick={() => setMaking(true)}>
          {t("datasets.newVersion")}
        </Button>
      ) : null}
      {newest && may("modelarts:trainJob:create") ? (
        <ButtonLink
          to={jobPath(dataset.dataset_id, newest.version_id)}
          type="primary"
          icon={<ThunderboltOutlined />}
        >
          {t("datasets.useInJob")}
        </ButtonLink>
      ) : null}
      <EditDataset dataset={dataset} open={isEditing} onClose={() => setEditing(false)} />
      <NewVersion
        dataset={dataset}
        open={isMaking}
        onClose={() => setMaking(false)}
        onMade={(version) => onVersion(version.version_id)}
      />
    </>
  );
}
