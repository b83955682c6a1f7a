import { Link } from "react-router";
import { objectsPath } from "../shared/obsPath.ts";
import { Crumbs } from "./Crumbs.tsx";

/** The way here, each stop a link. */
export function Trail({ bucket, path }: { bucket: string; path: string }) {
  return (
    <Crumbs
      bucket={bucket}
      path={path}
      step={(stop) =>
        stop.isHere ? (
          stop.name
        ) : (
          <Link to={stop.bucket ? objectsPath(stop.bucket, stop.key) : "/objects"}>{stop.name}</Link>
        )
      }
    />
  );
}
