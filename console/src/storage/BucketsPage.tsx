import { CopyOutlined, DeleteOutlined, HddOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { useNotice } from "../shared/notice.tsx";
import { objectsPath, obsUri } from "../shared/obsPath.ts";
import { Page } from "../shared/Page.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SearchField } from "../shared/SearchField.tsx";
import { useUrlState } from "../shared/url.ts";
import styles from "./BucketsPage.module.css";
import { useCopyPath } from "./copyPath.ts";
import { NewBucket } from "./NewFolder.tsx";
import { bucketsQuery } from "./queries.ts";

interface Bucket {
  name: string;
}

/** The project's buckets. */
export function BucketsPage() {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const confirm = useConfirm();
  const copyPath = useCopyPath();
  const { done } = useNotice();
  const queries = useQueryClient();
  const [url, setUrl] = useUrlState({ q: "" });
  const [isMaking, setMaking] = useState(false);
  const query = useQuery({
    ...bucketsQuery(),
    select: (names) => {
      const items = names.filter((name) => name.includes(url.q.toLowerCase())).map((name) => ({ name }));
      return { items, total: items.length };
    },
  });
  const columns: Column<Bucket>[] = [
    {
      key: "name",
      title: t("storage.name"),
      render: ({ name }) => (
        <Link to={objectsPath(name)} className={styles.name}>
          <HddOutlined aria-hidden className="quiet" />
          {name}
        </Link>
      ),
    },
    {
      key: "path",
      title: t("storage.path"),
      render: ({ name }) => <span className="mono quiet">{obsUri(name)}</span>,
    },
  ];
  const newBucket = may("obs:bucket:create") ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("storage.newBucket")}
    </Button>
  ) : null;
  function remove({ name }: Bucket) {
    confirm({
      title: t("storage.deleteBucket", { name }),
      content: t("storage.deleteBucketHint"),
      action: t("storage.delete"),
      run: async () => {
        await api.DELETE("/v1/{project_id}/buckets/{bucket}", {
          params: { path: inProject({ bucket: name }) },
        });
        await queries.invalidateQueries({ queryKey: bucketsQuery().queryKey });
        done(t("storage.deleted"));
      },
    });
  }
  return (
    <Page title={t("storage.title")} actions={newBucket}>
      <DataList
        columns={columns}
        rowKey={({ name }) => name}
        query={query}
        open={({ name }) => objectsPath(name)}
        toolbar={
          <SearchField
            value={url.q}
            onSearch={(q) => setUrl({ q })}
            placeholder={t("storage.searchBuckets")}
          />
        }
        empty={
          url.q ? (
            <Nothing title={t("storage.noneFound")} />
          ) : (
            <Nothing title={t("storage.noBuckets")} hint={t("storage.noBucketsHint")} action={newBucket} />
          )
        }
        rowActions={(bucket) => (
          <>
            <RowAction
              icon={<CopyOutlined />}
              title={t("storage.copyPath")}
              label={t("storage.copyPathOf", { name: bucket.name })}
              onClick={() => copyPath(bucket.name, "")}
            />
            {may("obs:bucket:delete") ? (
              <RowAction
                icon={<DeleteOutlined />}
                title={t("storage.delete")}
                danger
                label={t("storage.deleteOne", { name: bucket.name })}
                onClick={() => remove(bucket)}
              />
            ) : null}
          </>
        )}
      />
      <NewBucket
        open={isMaking}
        onClose={() => setMaking(false)}
        onMade={(bucket) => void navigate(objectsPath(bucket))}
      />
    </Page>
  );
}
