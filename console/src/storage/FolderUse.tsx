import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, inProject, project, type Schemas } from "../api/client.ts";
import { folderOf } from "../shared/obsPath.ts";

type Use = Schemas["FolderUse"];

const ASKED_MAX = 10;

/** Which jobs that have not ended use one of `keys`; many keys of one folder are asked for as that folder. */
const useQueryOf = (bucket: string, keys: readonly string[]) => ({
  queryKey: [project(), "use", bucket, ...keys],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Use> => {
    const asked = keys.length > ASKED_MAX ? [folderOf(keys[0] ?? "")] : keys;
    const found = await Promise.all(
      asked.map((prefix) =>
        data(
          api.GET("/v1/{project_id}/buckets/{bucket}/folder-use", {
            params: { path: inProject({ bucket }), query: { prefix } },
            signal,
          }),
        ),
      ),
    );
    const jobs = new Map(found.flatMap((use) => use.jobs.map((job) => [job.id, job])));
    return { jobs: [...jobs.values()], others: Math.max(0, ...found.map((use) => use.others)) };
  },
});

/** A warning that unfinished jobs read or write there; nothing when none does. */
export function FolderUse({
  bucket,
  keys,
  what,
}: {
  bucket: string;
  keys: readonly string[];
  /** What happens to them: their files are edited, or go away. */
  what: "edit" | "gone";
}) {
  const { t } = useTranslation();
  const query = useQuery(useQueryOf(bucket, keys));
  const jobs = query.data?.jobs ?? [];
  const others = query.data?.others ?? 0;
  if (jobs.length + others === 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={t("storage.used", { count: jobs.length + others, n: jobs.length + others })}
      description={
        <>
          {jobs.slice(0, ASKED_MAX).map((job, index) => (
            <span key={job.id}>
              {index > 0 ? t("storage.comma") : ""}
              <Link to={`/jobs/${job.id}`} target="_blank">
                {job.name}
              </Link>
            </span>
          ))}
          <div>{t(what === "edit" ? "storage.usedEdit" : "storage.usedGone")}</div>
        </>
      }
    />
  );
}
