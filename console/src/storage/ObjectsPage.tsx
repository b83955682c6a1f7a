import { useLocation } from "react-router";
import { pathShown } from "../shared/obsPath.ts";
import { FilePage } from "./FilePage.tsx";
import { FolderPage } from "./FolderPage.tsx";

/** A folder of a bucket, or one of its files: what the address says. */
export function ObjectsPage() {
  const { bucket, key } = pathShown(useLocation().pathname);
  return key === "" || key.endsWith("/") ? (
    <FolderPage key={`${bucket}/${key}`} bucket={bucket} prefix={key} />
  ) : (
    <FilePage key={`${bucket}/${key}`} bucket={bucket} path={key} />
  );
}
