import { App as AntApp, ConfigProvider } from "antd";
import type { Locale } from "antd/es/locale";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter } from "react-router";
import { SessionProvider, useSessionQuery } from "./api/session.tsx";
import { AppRoutes } from "./routes.tsx";
import { useLanguage } from "./shared/language.ts";
import { useIsDark } from "./shared/preferences.ts";
import { NONCE } from "./shell/nonce.ts";
import { SignInPage } from "./shell/SignInPage.tsx";
import { Starting } from "./shell/Starting.tsx";
import { antTheme } from "./shell/theme.ts";

function useAntLocale(): Locale | undefined {
  const language = useLanguage();
  const [locale, setLocale] = useState<Locale>();
  useEffect(() => {
    let isLast = true;
    const loading = language === "zh" ? import("antd/es/locale/zh_CN") : import("antd/es/locale/en_US");
    void loading.then((loaded) => isLast && setLocale(loaded.default));
    return () => {
      isLast = false;
    };
  }, [language]);
  return locale;
}

/** Theme, language, session; then the pages. */
export function App() {
  const dark = useIsDark();
  const locale = useAntLocale();
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }, [dark]);
  return (
    <ConfigProvider
      theme={antTheme(dark)}
      csp={{ nonce: NONCE }}
      button={{ autoInsertSpace: false }}
      {...(locale ? { locale } : {})}
    >
      <AntApp message={{ maxCount: 3 }}>
        <Entrance />
      </AntApp>
    </ConfigProvider>
  );
}

function Entrance() {
  const session = useSessionQuery();
  const { t } = useTranslation();
  if (session.isPending) return <Starting />;
  if (session.isError) return <Starting error={session.error} onRetry={() => void session.refetch()} />;
  if (!session.data.signed_in) return <SignInPage firstRun={session.data.first_run?.token_file ?? ""} />;
  return (
    <BrowserRouter basename="/console" useTransitions={false}>
      <SessionProvider session={session.data}>
        <a className="hidden" href="#content">
          {t("shell.skip")}
        </a>
        <AppRoutes />
      </SessionProvider>
    </BrowserRouter>
  );
}
