import { Tooltip } from "antd";
import type { TFunction } from "i18next";
import { Link } from "react-router";
import { Dash } from "../shared/Dash.tsx";
import type { Column } from "../shared/DataList.tsx";
import { shortId } from "../shared/format.ts";
import { Id } from "../shared/Id.tsx";
import { Exact } from "../shared/Times.tsx";
import styles from "./audit.module.css";
import { type AuditRecord, isKnown, placeOf } from "./operations.ts";

/** When, who, what, about what, with what result, from where. */
export function auditColumns(t: TFunction, onUser: (name: string) => void): Column<AuditRecord>[] {
  return [
    { key: "time", title: t("audit.time"), width: 165, render: (record) => <Exact at={record.time} /> },
    {
      key: "user",
      title: t("audit.user"),
      width: 140,
      render: (record) => (
        <span className={styles.two}>
          {record.user_name ? (
            <button type="button" className={styles.who} onClick={() => onUser(record.user_name)}>
              {record.user_name}
            </button>
          ) : (
            <span className="quiet">{t("audit.nobody")}</span>
          )}
          <span>
            {record.user_id || !record.user_name
              ? t(`audit.credential.${record.credential}`)
              : t("audit.unknown")}
          </span>
        </span>
      ),
    },
    {
      key: "operation",
      title: t("audit.operation"),
      render: (record) => (
        <span className={styles.two}>
          <span>
            {isKnown(record.operation)
              ? t(`audit.op.${record.operation}`)
              : record.operation || t("audit.refused")}
          </span>
          {isKnown(record.operation) ? <span className="mono">{record.operation}</span> : null}
        </span>
      ),
    },
    { key: "resource", title: t("audit.thing"), render: (record) => <Thing record={record} t={t} /> },
    {
      key: "outcome",
      title: t("audit.outcome"),
      width: 150,
      render: (record) => <Outcome record={record} t={t} />,
    },
    {
      key: "address",
      title: t("audit.address"),
      width: 110,
      render: (record) => <span className="mono">{record.client_address}</span>,
    },
    {
      key: "request",
      title: t("audit.request"),
      hidden: true,
      render: (record) => (record.request_id ? <Id id={record.request_id} /> : null),
    },
    {
      key: "workspace",
      title: t("shell.workspace"),
      hidden: true,
      render: (record) =>
        record.workspace_id ? (
          <Link to={`/workspaces/${record.workspace_id}`}>{shortId(record.workspace_id)}</Link>
        ) : null,
    },
  ];
}

function Thing({ record, t }: { record: AuditRecord; t: TFunction }) {
  const { resource, resource_id: id, resource_name: name } = record;
  const place = placeOf(record);
  const text = name || id;
  if (!resource && !text) return <Dash />;
  return (
    <span className={styles.two}>
      {text ? (
        <span className={styles.thing} title={name && id && name !== id ? `${name}\n${id}` : text}>
          {place ? <Link to={place}>{text}</Link> : text}
        </span>
      ) : null}
      <span className={text ? "" : "quiet"}>{t(`audit.kind.${resource}`, resource)}</span>
    </span>
  );
}

function Outcome({ record, t }: { record: AuditRecord; t: TFunction }) {
  const { outcome, status, error_code: code, unrecorded } = record;
  const how = [status || t("audit.noAnswer"), code].filter(Boolean).join(" · ");
  return (
    <span className={styles.two}>
      <span className={styles.outcome} data-outcome={outcome}>
        <i aria-hidden />
        {t(`audit.outcomes.${outcome}`)}
      </span>
      {outcome === "success" && !unrecorded ? null : (
        <span>
          {outcome === "success" ? null : <span className="mono">{how}</span>}
          {unrecorded ? (
            <Tooltip title={t("audit.unrecordedHint")}>
              <span className="warn"> {t("audit.unrecorded", { count: unrecorded })}</span>
            </Tooltip>
          ) : null}
        </span>
      )}
    </span>
  );
}
