import { Spin } from "antd";
import { Problem } from "../shared/Problem.tsx";

/** The page before it is known who is signed in. */
export function Starting({ error, onRetry }: { error?: unknown; onRetry?: () => void }) {
  return (
    <div style={{ display: "grid", placeItems: "center", height: "100%", padding: 24 }}>
      {error ? <Problem error={error} onRetry={onRetry} /> : <Spin delay={300} />}
    </div>
  );
}
