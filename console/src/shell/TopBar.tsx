import { BulbOutlined, GlobalOutlined, PlusOutlined, QuestionCircleOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import { ButtonLink } from "../shared/ButtonLink.tsx";
import { type Theme, useTheme } from "../shared/preferences.ts";
import { useChangeLanguage } from "./language.ts";
import { ACCOUNT_ICON } from "./navigation.tsx";
import styles from "./TopBar.module.css";
import { WorkspaceSwitch } from "./WorkspaceSwitch.tsx";

export const SHOW_HELP = "trainwright:help";

/** Where one is (project, workspace), and what follows one everywhere: create, language, theme, account. */
export function TopBar() {
  const { t } = useTranslation();
  const { may } = useSession();
  return (
    <div className={styles.bar}>
      <ProjectSwitch />
      <WorkspaceSwitch />
      <div className={styles.space} />
      {may("modelarts:trainJob:create") ? (
        <ButtonLink
          to="/jobs/new"
          type="primary"
          icon={<PlusOutlined />}
          className={styles.create as string}
          aria-label={t("shell.create")}
        >
          <span className={styles.word}>{t("shell.create")}</span>
        </ButtonLink>
      ) : null}
      <Button
        type="text"
        className={styles.wide}
        icon={<QuestionCircleOutlined />}
        aria-label={t("shell.help")}
        onClick={() => window.dispatchEvent(new Event(SHOW_HELP))}
      />
      <LanguageButton />
      <ThemeButton />
      <Account />
    </div>
  );
}

function ProjectSwitch() {
  const { session, changeProject } = useSession();
  const projects = session.projects ?? [];
  const current = session.project;
  if (projects.length < 2) return <span className={styles.project}>{current?.name}</span>;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectedKeys: [current?.id ?? ""],
        items: projects.map((project) => ({ key: project.id, label: project.name })),
        onClick: ({ key }) => void changeProject(key),
      }}
    >
      <Button type="text">{current?.name}</Button>
    </Dropdown>
  );
}

/** Changes the language of everything, at once. */
export function LanguageButton() {
  const { t } = useTranslation();
  const [language, change] = useChangeLanguage();
  const other = language === "zh" ? "en" : "zh";
  return (
    <Button
      type="text"
      icon={<GlobalOutlined />}
      onClick={() => change(other)}
      aria-label={t("shell.language")}
      lang={other}
    >
      <span className={styles.word}>{other === "zh" ? "中文" : "English"}</span>
    </Button>
  );
}

/** Light, dark, or as the system is. */
export function ThemeButton() {
  const { t } = useTranslation();
  const [theme, setTheme] = useTheme();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectedKeys: [theme],
        items: (["light", "dark", "system"] as const).map((key) => ({ key, label: t(`shell.theme.${key}`) })),
        onClick: ({ key }) => setTheme(key as Theme),
      }}
    >
      <Button type="text" icon={<BulbOutlined />} aria-label={t("shell.theme.name")} />
    </Dropdown>
  );
}

function Account() {
  const { t } = useTranslation();
  const { session, signOut } = useSession();
  const navigate = useNavigate();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "account", label: t("shell.account") },
          { key: "docs", label: t("shell.apiReference") },
          { type: "divider" },
          { key: "out", label: t("shell.signOut") },
        ],
        onClick: ({ key }) => {
          if (key === "account") void navigate("/account");
          else if (key === "docs") window.open("/docs", "_blank", "noopener");
          else void signOut();
        },
      }}
    >
      <Button
        type="text"
        icon={ACCOUNT_ICON}
        aria-label={t("shell.accountMenu", { name: session.user?.name ?? "" })}
      >
        <span className={styles.word}>{session.user?.name}</span>
      </Button>
    </Dropdown>
  );
}
