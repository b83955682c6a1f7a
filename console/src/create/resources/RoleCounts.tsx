import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import type { Role } from "../form/model.ts";
import { WholeNumber } from "../WholeNumber.tsx";

/** How many tasks of a role must succeed, and how many may not fail. */
export function RoleCounts({
  role,
  path,
  onChange,
}: {
  role: Role;
  path: string;
  onChange: (change: Partial<Role>) => void;
}) {
  const { t } = useTranslation();
  const most = Math.max(1, role.nodes ?? 1);
  return (
    <div className={styles.grid}>
      <WholeNumber
        path={`${path}.minSucceededTaskCount`}
        label={t("create.roles.minSucceeded")}
        hint={t("create.roles.minSucceededHint")}
        value={role.minSucceeded}
        placeholder={String(most)}
        onChange={(minSucceeded) => onChange({ minSucceeded })}
      />
      <WholeNumber
        path={`${path}.minFailedTaskCount`}
        label={t("create.roles.minFailed")}
        hint={t("create.roles.minFailedHint")}
        value={role.minFailed}
        placeholder="1"
        onChange={(minFailed) => onChange({ minFailed })}
      />
    </div>
  );
}
