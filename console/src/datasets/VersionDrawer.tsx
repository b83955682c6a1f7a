import { ThunderboltOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Drawer, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../api/session.tsx";
import { Busy } from "../shared/Busy.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { Facts } from "../shared/Facts.tsx";
import { bytes, count } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { objectsPath, parseObs } from "../shared/obsPath.ts";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { FileRows } from "../storage/FileRows.tsx";
import { jobPath } from "./names.ts";
import { type Dataset, type DatasetVersion, manifestQuery, versionQuery } from "./queries.ts";
import { VersionState } from "./VersionState.tsx";

/** One version of a dataset: what it is, and the files it holds. */
export function VersionDrawer({
  dataset,
  versionId,
  onClose,
}: {
  dataset: Dataset;
  versionId: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { may } = useSession();
  const isOpen = versionId !== "";
  const query = useQuery({ ...versionQuery(dataset.dataset_id, versionId), enabled: isOpen });
  const version = query.data;
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      size={760}
      title={version?.version_name ?? t("datasets.version")}
      styles={{ body: { display: "flex", flexDirection: "column", gap: 16 } }}
      extra={
        version?.state === "ready" && may("modelarts:trainJob:create") ? (
          <ButtonLink
            to={jobPath(dataset.dataset_id, version.version_id)}
            type="primary"
            icon={<ThunderboltOutlined />}
          >
            {t("datasets.useInJob")}
          </ButtonLink>
        ) : null
      }
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      {version ? (
        <>
          <Facts
            items={[
              [t("datasets.status"), <VersionState key="state" version={version} />],
              [t("datasets.files"), count(version.total_sample_count)],
              [t("datasets.size"), bytes(version.data_size)],
              [t("datasets.created"), <Exact key="created" at={version.create_time} />],
              [t("datasets.folder"), <ObjectPath key="path" path={version.data_path} />],
              ["ID", <Id key="id" id={version.version_id} />],
              version.description ? [t("common.description"), version.description] : null,
            ]}
          />
          {version.state === "ready" ? <Manifest version={version} /> : null}
        </>
      ) : query.error ? null : (
        <Busy />
      )}
    </Drawer>
  );
}

function Manifest({ version }: { version: DatasetVersion }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery(manifestQuery(version.dataset_id, version.version_id));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const folder = parseObs(version.data_path);
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Busy />;
  if (query.data.length === 0) return <Nothing title={t("datasets.noFiles")} />;
  return (
    <FileRows
      files={query.data}
      onEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
      name={(file) =>
        folder ? <Link to={objectsPath(folder.bucket, folder.key + file.path)}>{file.path}</Link> : file.path
      }
      last={{
        title: "SHA-256",
        render: (file) => (
          <Tooltip title={file.sha256}>
            <span className="mono quiet">{file.sha256.slice(0, 12)}</span>
          </Tooltip>
        ),
      }}
    />
  );
}
