import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, inProject } from "../api/client.ts";
import { useSession } from "../api/session.tsx";
import { Facts } from "../shared/Facts.tsx";
import { FormDialog } from "../shared/FormDialog.tsx";
import { Id } from "../shared/Id.tsx";
import { useNotice } from "../shared/notice.tsx";
import { Page, Section } from "../shared/Page.tsx";
import { Exact } from "../shared/Times.tsx";
import { useRoleWords } from "../users/roleWords.ts";
import { Credentials } from "./Credentials.tsx";

interface Passwords {
  old_password: string;
  new_password: string;
}

/** Oneself: password, tokens and access keys for scripts. */
export function AccountPage() {
  const { t } = useTranslation();
  const { session, may } = useSession();
  const notice = useNotice();
  const [isOpen, setOpen] = useState(false);
  const { user } = session;
  const { roleName } = useRoleWords();

  async function change(body: Passwords) {
    await api.PUT("/v1/{project_id}/password", { params: { path: inProject() }, body });
    notice.done(t("account.passwordChanged"));
  }

  return (
    <Page title={t("account.title")}>
      <Section
        title={user?.name}
        extra={
          user?.has_password ? (
            <Button onClick={() => setOpen(true)}>{t("account.changePassword")}</Button>
          ) : null
        }
      >
        <Facts
          items={[
            [t("users.roles"), user?.roles.map(roleName).join(", ")],
            [t("account.project"), session.project?.name],
            [t("account.projectId"), session.project ? <Id key="p" id={session.project.id} whole /> : null],
            [t("account.userId"), user ? <Id key="u" id={user.id} whole /> : null],
            [t("account.sessionEnds"), <Exact key="e" at={session.expires_at_ms ?? 0} />],
          ]}
        />
      </Section>
      {may("iam:credential:get") ? (
        <>
          <Credentials kind="tokens" />
          <Credentials kind="keys" />
        </>
      ) : null}
      <FormDialog<Passwords>
        title={t("account.changePassword")}
        open={isOpen}
        onClose={() => setOpen(false)}
        initial={{ old_password: "", new_password: "" }}
        onSubmit={change}
      >
        <p className="quiet">{t("account.passwordHint")}</p>
        <Form.Item
          name="old_password"
          label={t("account.oldPassword")}
          rules={[{ required: true, message: t("shell.passwordNeeded") }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="new_password"
          label={t("users.newPassword")}
          rules={[
            { required: true, message: t("shell.passwordNeeded") },
            { min: 8, message: t("users.passwordShort") },
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </FormDialog>
    </Page>
  );
}
