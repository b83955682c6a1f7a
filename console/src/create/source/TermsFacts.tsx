import { LockOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import type { Terms } from "../form/terms.ts";

/** What the algorithm fixes: shown, not to be changed here. */
export function TermsFacts({ terms }: { terms: Terms }) {
  const { t } = useTranslation();
  const runsOn = [
    terms.flavorTypes.join(", "),
    terms.severalCards ? "" : t("create.source.oneCard"),
    terms.severalNodes ? "" : t("create.source.oneNode"),
  ].filter(Boolean);
  const facts: [string, string][] = [
    [t("create.source.codeDir"), terms.codeDir],
    [t("create.source.bootFile"), terms.bootFile],
    [t("create.source.commandLine"), terms.command],
    [t("create.source.engine"), terms.engine],
    [t("create.source.runsOn"), runsOn.join(" · ")],
  ];
  return (
    <div className={styles.more} style={{ display: "block" }}>
      <p className={styles.hint}>
        <LockOutlined aria-hidden /> {t("create.source.fixed", { name: terms.name })}
      </p>
      <dl className={styles.facts}>
        {facts.map(([name, value]) =>
          value ? (
            <div key={name} style={{ display: "contents" }}>
              <dt>{name}</dt>
              <dd className="mono">{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </div>
  );
}
