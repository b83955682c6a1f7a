import { DownloadOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Busy } from "../shared/Busy.tsx";
import { Facts } from "../shared/Facts.tsx";
import { bytes, count } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { ObjectPath } from "../shared/ObjectPath.tsx";
import { nameOf } from "../shared/obsPath.ts";
import { Problem } from "../shared/Problem.tsx";
import { Exact } from "../shared/Times.tsx";
import { FileRows } from "../storage/FileRows.tsx";
import { Preview } from "../storage/Preview.tsx";
import styles from "./ModelVersionDrawer.module.css";
import {
  archiveAddress,
  fileAddress,
  filesQuery,
  type Model,
  type ModelVersion,
  versionQuery,
} from "./queries.ts";

interface DrawerProps {
  model: Model;
  versionId: string;
  /** The file that is looked at, or "". */
  file: string;
  onFile: (path: string | null) => void;
  onClose: () => void;
}

/** One version of a model: what made it, and its files. */
export function ModelVersionDrawer({ model, versionId, file, onFile, onClose }: DrawerProps) {
  const { t } = useTranslation();
  const isOpen = versionId !== "";
  const query = useQuery({ ...versionQuery(model.model_id, versionId), enabled: isOpen });
  const version = query.data;
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      size={820}
      title={version ? `${model.model_name} · ${t("models.v", { n: version.version })}` : t("models.version")}
      styles={{ body: { display: "flex", flexDirection: "column", gap: 16 } }}
      extra={
        version ? (
          <Button type="primary" icon={<DownloadOutlined />} href={archiveAddress(version)} download>
            {t("models.archive")}
          </Button>
        ) : null
      }
    >
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : null}
      {version ? (
        <>
          <MadeWith version={version} />
          <Files version={version} file={file} onFile={onFile} />
        </>
      ) : query.error ? null : (
        <Busy />
      )}
    </Drawer>
  );
}

function MadeWith({ version }: { version: ModelVersion }) {
  const { t } = useTranslation();
  const { engine } = version;
  return (
    <>
      <Facts
        items={[
          [
            t("models.job"),
            <Link key="job" to={`/jobs/${version.job_id}`}>
              {version.job_name}
            </Link>,
          ],
          [t("models.engine"), [engine.name, engine.version].filter(Boolean).join(" ") || engine.id],
          [t("models.files"), `${count(version.files)} · ${bytes(version.size)}`],
          [t("models.created"), <Exact key="created" at={version.create_time} />],
          ["ID", <Id key="id" id={version.version_id} />],
        ]}
      />
      <div className={styles.lists}>
        <List
          title={t("models.parameters")}
          items={version.parameters.map(({ name, value }) => [
            name,
            <span key={name} className="mono">
              {value}
            </span>,
          ])}
        />
        <List
          title={t("models.inputs")}
          items={version.inputs.map(({ name, obs_url }) => [name, <ObjectPath key={name} path={obs_url} />])}
        />
      </div>
    </>
  );
}

function List({ title, items }: { title: string; items: [string, React.ReactNode][] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <h3 className={styles.title}>{title}</h3>
      <dl className={styles.list}>
        {items.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Files({ version, file, onFile }: { version: ModelVersion } & Pick<DrawerProps, "file" | "onFile">) {
  const { t } = useTranslation();
  const query = useInfiniteQuery(filesQuery(version.model_id, version.version_id));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Busy />;
  if (query.data.length === 0) return <Nothing title={t("models.noFiles")} />;
  const shown = query.data.find(({ path }) => path === file);
  return (
    <>
      <FileRows
        files={query.data}
        onEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
        name={({ path }) => (
          <button type="button" onClick={() => onFile(path)}>
            {path}
          </button>
        )}
        last={{
          title: <span className="hidden">{t("common.actions")}</span>,
          render: ({ path }) => (
            <Button
              type="text"
              size="small"
              icon={<DownloadOutlined />}
              href={fileAddress(version, path)}
              download={nameOf(path)}
              aria-label={t("storage.downloadOne", { name: path })}
            />
          ),
        }}
      />
      <Drawer open={shown !== undefined} onClose={() => onFile(null)} size={760} title={shown?.path ?? ""}>
        {shown ? (
          <div className={styles.preview}>
            <Preview
              url={fileAddress(version, shown.path)}
              name={shown.path}
              size={shown.size}
              etag={shown.etag}
            />
          </div>
        ) : null}
      </Drawer>
    </>
  );
}
