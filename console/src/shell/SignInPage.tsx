import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionKey, signIn } from "../api/session.tsx";
import { Problem } from "../shared/Problem.tsx";
import styles from "./SignInPage.module.css";
import { LanguageButton, ThemeButton } from "./TopBar.tsx";

type Way = "password" | "token";
type Fields = { name: string; password: string; token: string };

/** The door: account and password, or a token. `firstRun` is where the first admin's token lies, on the first day. */
export function SignInPage({ firstRun }: { firstRun: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [way, setWay] = useState<Way>(firstRun ? "token" : "password");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(fields: Fields) {
    setBusy(true);
    setError(null);
    try {
      const session = await signIn(
        way === "token" ? { token: fields.token.trim() } : { name: fields.name, password: fields.password },
      );
      queries.setQueryData(sessionKey, session);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <main className={styles.place}>
      <div className={styles.corner}>
        <LanguageButton />
        <ThemeButton />
      </div>
      <div className={styles.card}>
        <div className={styles.brand}>
          <img src="/console/icon.svg" alt="" width={36} height={36} />
          <h1>Trainwright</h1>
          <p className="quiet">{t("shell.claim")}</p>
        </div>
        {firstRun ? (
          <Alert
            type="info"
            showIcon
            title={t("shell.firstRun")}
            description={
              <>
                {t("shell.firstRunHint")}
                <div className={styles.path}>{firstRun}</div>
              </>
            }
          />
        ) : null}
        <Form<Fields>
          layout="vertical"
          onFinish={(fields) => void submit(fields)}
          requiredMark={false}
          disabled={isBusy}
        >
          <Tabs
            activeKey={way}
            onChange={(key) => {
              setWay(key as Way);
              setError(null);
            }}
            items={[
              { key: "password", label: t("shell.byPassword") },
              { key: "token", label: t("shell.byToken") },
            ]}
          />
          {way === "password" ? (
            <>
              <Form.Item
                name="name"
                label={t("shell.userName")}
                rules={[{ required: true, message: t("shell.userNameNeeded") }]}
              >
                <Input autoFocus autoComplete="username" />
              </Form.Item>
              <Form.Item
                name="password"
                label={t("shell.password")}
                rules={[{ required: true, message: t("shell.passwordNeeded") }]}
              >
                <Input.Password autoComplete="current-password" />
              </Form.Item>
            </>
          ) : (
            <Form.Item
              name="token"
              label={t("shell.token")}
              rules={[{ required: true, message: t("shell.tokenNeeded") }]}
            >
              <Input.Password autoFocus autoComplete="off" className="mono" />
            </Form.Item>
          )}
          {error ? (
            <div className={styles.error}>
              <Problem error={error} />
            </div>
          ) : null}
          <Button type="primary" htmlType="submit" block size="large" loading={isBusy}>
            {t("shell.signIn")}
          </Button>
        </Form>
      </div>
    </main>
  );
}
