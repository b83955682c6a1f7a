import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client.ts";
import { Problem } from "../../shared/Problem.tsx";
import styles from "../Create.module.css";
import { isSecret } from "../form/paste.ts";
import { Code } from "./Code.tsx";
import { Tree } from "./Tree.tsx";

/** What the server says that each role would run; old while a newer answer is on its way. */
export function Preview({
  preview,
  error,
  isStale,
  isReady,
}: {
  preview: Schemas["JobPreview"] | undefined;
  error: unknown;
  isStale: boolean;
  /** Whether the form says enough to ask. */
  isReady: boolean;
}) {
  const { t } = useTranslation();
  if (!isReady) return <p className={styles.hint}>{t("create.side.notReady")}</p>;
  if (error) return <Problem error={error} />;
  if (preview === undefined) return <p className={styles.hint}>{t("create.side.asking")}</p>;
  return (
    <div className={isStale ? styles.stale : undefined} aria-busy={isStale}>
      {preview.roles.map((role) => (
        <RoleView key={role.role} role={role} isOnly={preview.roles.length === 1} />
      ))}
    </div>
  );
}

function RoleView({ role, isOnly }: { role: Schemas["RolePreview"]; isOnly: boolean }) {
  const { t } = useTranslation();
  const variables = Object.entries(role.environment);
  return (
    <div className={styles.sub} style={{ marginBottom: 12 }}>
      {isOnly ? null : (
        <strong>
          {role.role} × {role.tasks.length}
        </strong>
      )}
      <Code label={`${t("create.source.commandLine")} ${role.role}`}>
        {role.command || t("create.side.hidden")}
      </Code>
      <p className={styles.hint}>
        {t("create.side.in")} <span className="mono">{role.working_dir}</span>
        {role.tasks.length > 1 && isOnly ? ` · ${t("create.side.tasks", { count: role.tasks.length })}` : ""}
        {(role.processes ?? 1) > 1 ? ` · ${t("create.side.processes", { count: role.processes ?? 1 })}` : ""}
      </p>
      <Tree folders={role.folders} />
      <details className={styles.details}>
        <summary>{t("create.side.environment", { count: variables.length })}</summary>
        <Code label={`${t("create.parameters.environments")} ${role.role}`}>
          {variables.map(([name, value]) => `${name}=${isSecret(name) ? "••••••" : value}`).join("\n")}
        </Code>
      </details>
    </div>
  );
}
