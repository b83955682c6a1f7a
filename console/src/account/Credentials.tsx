import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { project } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { CopyButton } from "../shared/CopyButton.tsx";
import { useConfirm } from "../shared/confirm.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { Id } from "../shared/Id.tsx";
import { Nothing } from "../shared/Nothing.tsx";
import { useNotice } from "../shared/notice.tsx";
import { Section } from "../shared/Page.tsx";
import { RowAction } from "../shared/RowAction.tsx";
import { SwitchAction } from "../shared/SwitchAction.tsx";
import { Exact } from "../shared/Times.tsx";
import { type Credential, type Issued, type Kind, STORES } from "./credentials.ts";

const DAY_MS = 86_400_000;
const LIVES = [7, 30, 90, 365, 0] as const; // days; 0: until it is deleted
const SHOWN = 50;

interface Fields {
  description: string;
  days: number;
}

/** One's tokens, or one's access keys: issued, switched off, deleted. A secret is shown once, when it is issued. */
export function Credentials({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const confirm = useConfirm();
  const notice = useNotice();
  const queries = useQueryClient();
  const store = STORES[kind];
  const key = [project(), "credentials", kind];
  const query = useQuery({ queryKey: key, queryFn: () => store.list(0, SHOWN) });
  const [isOpen, setOpen] = useState(false);
  const [issued, setIssued] = useState<Issued | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: key });
  const mayChange = may("iam:credential:update");

  const columns: Column<Credential>[] = [
    {
      key: "id",
      title: t(`account.${kind}.id`),
      fixed: true,
      render: (one) => <Id id={one.id} whole={kind === "keys"} />,
    },
    { key: "description", title: t("jobs.col.description"), render: (one) => one.description },
    {
      key: "state",
      title: t("users.state"),
      render: (one) =>
        one.enabled ? (
          <span className="good">{t("users.isEnabled")}</span>
        ) : (
          <span className="warn">{t("users.isDisabled")}</span>
        ),
    },
    {
      key: "created",
      title: t("users.created"),
      align: "right",
      render: (one) => <Exact at={one.created_at_ms} />,
    },
    {
      key: "expires",
      title: t("account.expires"),
      align: "right",
      render: (one) => (one.expires_at_ms ? <Exact at={one.expires_at_ms} /> : t("account.never")),
    },
  ];
  return (
    <Section
      title={t(`account.${kind}.title`)}
      extra={
        mayChange ? (
          <Button icon={<PlusOutlined />} onClick={() => setOpen(true)}>
            {t(`account.${kind}.issue`)}
          </Button>
        ) : null
      }
    >
      <p className="quiet">{t(`account.${kind}.hint`)}</p>
      <DataList<Credential>
        columns={columns}
        rowKey={(one) => one.id}
        query={{ data: query.data, error: query.error, isPending: query.isPending }}
        empty={<Nothing title={t(`account.${kind}.none`)} />}
        rowActions={(one) =>
          mayChange ? (
            <>
              <SwitchAction
                name={one.id}
                isOn={one.enabled}
                onSwitch={() =>
                  void store.setEnabled(one.id, !one.enabled).then(refresh).catch(notice.failed)
                }
              />
              <RowAction
                icon={<DeleteOutlined />}
                title={t("common.delete")}
                label={t("common.deleteOf", { name: one.id })}
                danger
                onClick={() =>
                  confirm({
                    title: t(`account.${kind}.delete`),
                    content: t("account.deleteHint"),
                    action: t("common.delete"),
                    run: async () => {
                      await store.remove(one.id);
                      await refresh();
                    },
                  })
                }
              />
            </>
          ) : null
        }
      />
      <FormDialog<Fields>
        title={t(`account.${kind}.issue`)}
        open={isOpen}
        onClose={() => setOpen(false)}
        initial={{ description: "", days: 90 }}
        action={t("account.issue")}
        onSubmit={async ({ description, days }) => {
          setIssued(await store.issue({ description, expires_at_ms: days ? Date.now() + days * DAY_MS : 0 }));
          await refresh();
        }}
      >
        <Form.Item name="description" label={t("account.usedFor")}>
          <Input />
        </Form.Item>
        <Form.Item name="days" label={t("account.expires")}>
          <Select
            options={LIVES.map((days) => ({
              value: days,
              label: days ? t("account.days", { count: days }) : t("account.never"),
            }))}
          />
        </Form.Item>
      </FormDialog>
      <Modal
        title={t("account.keepNow")}
        open={issued !== null}
        onCancel={() => setIssued(null)}
        footer={<Button onClick={() => setIssued(null)}>{t("account.kept")}</Button>}
        mask={{ closable: false }}
      >
        <p>{t("account.onlyCopy")}</p>
        {issued && kind === "keys" ? <Secret name="Access Key" text={issued.id} /> : null}
        {issued ? <Secret name={kind === "keys" ? "Secret Key" : "Token"} text={issued.secret} /> : null}
      </Modal>
    </Section>
  );
}

function Secret({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <div className="quiet small">{name}</div>
      <div style={{ display: "flex", gap: 8, alignItems: "flex-start" }}>
        <code className="code" style={{ flex: 1 }}>
          {text}
        </code>
        <CopyButton text={text} />
      </div>
    </div>
  );
}
