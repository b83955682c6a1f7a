import { Link } from "react-router";
import { Dash } from "./Dash.tsx";
import { objectsPath, parseObs, trail } from "./obsPath.ts";

/** A path of the object store, monospaced; each part leads to where the console shows it. A dash when there is none. */
export function ObjectPath({ path }: { path: string }) {
  if (path === "") return <Dash />;
  const place = parseObs(path);
  if (place === null) return <span className="mono">{path}</span>;
  const { bucket, key } = place;
  return (
    <span className="mono">
      obs://<Link to={objectsPath(bucket)}>{bucket}</Link>/
      {trail(key).map((step) => (
        <span key={step.key}>
          <Link to={objectsPath(bucket, step.key)}>{step.name}</Link>
          {step.key.endsWith("/") ? "/" : ""}
        </span>
      ))}
    </span>
  );
}
