import { Spin } from "antd";
import { useTranslation } from "react-i18next";

/** Something is on its way. Shown after a moment only, so that what is quick does not flicker. */
export function Busy() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")} style={{ padding: 48, textAlign: "center" }}>
      <Spin delay={300} />
    </div>
  );
}
