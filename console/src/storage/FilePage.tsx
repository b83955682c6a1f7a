import { CopyOutlined, DeleteOutlined, DownloadOutlined, EditOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate } from "react-router";
import { project } from "../api/client.ts";
import { headObject, listObjects, type ObjectFacts, objectAddress } from "../api/objects.ts";
import { useSession } from "../api/session.tsx";
import { Busy } from "../shared/Busy.tsx";
import { bytes } from "../shared/format.ts";
import { Nothing } from "../shared/Nothing.tsx";
import { folderOf, nameOf, objectsPath } from "../shared/obsPath.ts";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { Ago } from "../shared/Times.tsx";
import { useUrlState } from "../shared/url.ts";
import { decoded, EDITED_MAX, kindOf } from "./content.ts";
import { useCopyPath } from "./copyPath.ts";
import { Deletion } from "./Deletion.tsx";
import { FileEditor } from "./FileEditor.tsx";
import { bytesQuery, NoPreview, Preview } from "./Preview.tsx";
import { Trail } from "./Trail.tsx";

/** What is at this key: a file, a folder that was named without its slash, or nothing. */
const factsQuery = (bucket: string, path: string) => ({
  queryKey: [project(), "objects", bucket, path, "facts"],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<ObjectFacts | "folder" | "nothing"> => {
    const facts = await headObject(bucket, path, signal);
    if (facts) return facts;
    const below = await listObjects(bucket, { prefix: `${path}/`, limit: 1, folded: false }, signal);
    return below.objects.length > 0 ? "folder" : "nothing";
  },
});

/** One file: what it holds, and an editor for it. */
export function FilePage({ bucket, path }: { bucket: string; path: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const copyPath = useCopyPath();
  const [url, setUrl] = useUrlState({ edit: "" });
  const [isDeleting, setDeleting] = useState(false);
  const query = useQuery(factsQuery(bucket, path));
  const facts = typeof query.data === "object" ? query.data : null;
  if (query.data === "folder") return <Navigate to={objectsPath(bucket, `${path}/`)} replace />;
  const name = nameOf(path);
  const address = objectAddress(bucket, path);
  const kind = kindOf(path);
  const canEdit =
    facts !== null &&
    (kind === "text" || kind === "table") &&
    facts.size <= EDITED_MAX &&
    may("obs:object:put");
  const isEditing = canEdit && url.edit === "1";
  return (
    <Page
      full
      title={name}
      above={<Trail bucket={bucket} path={path} />}
      aside={
        facts ? (
          <>
            <span className="quiet tabular">
              {bytes(facts.size)} · <Ago at={facts.modified_at_ms} />
            </span>
            <Button
              type="text"
              size="small"
              icon={<CopyOutlined />}
              aria-label={t("storage.copyPath")}
              onClick={() => copyPath(bucket, path)}
            />
          </>
        ) : null
      }
      actions={
        facts && !isEditing ? (
          <>
            {may("obs:object:delete") ? (
              <Button danger icon={<DeleteOutlined />} onClick={() => setDeleting(true)}>
                {t("storage.delete")}
              </Button>
            ) : null}
            <Button icon={<DownloadOutlined />} href={address} download={name}>
              {t("storage.download")}
            </Button>
            {canEdit ? (
              <Button type="primary" icon={<EditOutlined />} onClick={() => setUrl({ edit: "1" })}>
                {t("storage.edit")}
              </Button>
            ) : null}
          </>
        ) : null
      }
    >
      {query.error ? (
        <Problem error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data === "nothing" ? (
        <Nothing title={t("storage.noSuchFile")} hint={t("storage.noSuchFileHint")} />
      ) : facts === null ? (
        <Busy />
      ) : isEditing ? (
        <Editing bucket={bucket} path={path} facts={facts} onClose={() => setUrl({ edit: null })} />
      ) : (
        <Preview key={facts.etag} url={address} name={path} size={facts.size} etag={facts.etag} />
      )}
      {isDeleting && facts ? (
        <Deletion
          bucket={bucket}
          entries={[{ key: path, name, isFolder: false, size: facts.size, modifiedAt: 0 }]}
          onClose={(isGone) => {
            setDeleting(false);
            if (isGone) void navigate(objectsPath(bucket, folderOf(path)), { replace: true });
          }}
        />
      ) : null}
    </Page>
  );
}

/** Loads all of the file, then edits it; the content that was loaded is the one that is edited, whatever comes later. */
function Editing({
  bucket,
  path,
  facts,
  onClose,
}: {
  bucket: string;
  path: string;
  facts: ObjectFacts;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const address = objectAddress(bucket, path);
  const [etag] = useState(facts.etag);
  const query = useQuery({
    queryKey: [project(), "editing", bucket, path, etag],
    queryFn: async () => {
      const read = await queries.fetchQuery(bytesQuery(address, EDITED_MAX, etag));
      const content = decoded(new Uint8Array(await read.blob.arrayBuffer()), false);
      return { content, etag: read.etag || etag }; // the answer to a range of nothing has none
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Busy />;
  const { content } = query.data;
  if (content === null) return <NoPreview url={address} name={path} hint={t("storage.noKind")} />;
  return (
    <FileEditor
      bucket={bucket}
      path={path}
      text={content.text}
      hasMark={content.hasMark}
      etag={query.data.etag}
      onClose={onClose}
    />
  );
}
