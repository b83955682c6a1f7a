import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Nothing } from "../shared/Nothing.tsx";
import { Page } from "../shared/Page.tsx";

export function NoSuchPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("shell.noSuchPage")}>
      <Nothing
        title={t("shell.noSuchPage")}
        hint={t("shell.noSuchPageHint")}
        action={
          <Link to="/">
            <Button type="primary">{t("shell.nav.overview")}</Button>
          </Link>
        }
      />
    </Page>
  );
}
