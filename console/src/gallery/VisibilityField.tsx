import { Form, Radio, Space } from "antd";
import { useTranslation } from "react-i18next";

/** Who sees a published algorithm; a field of a form. */
export function VisibilityField() {
  const { t } = useTranslation();
  return (
    <Form.Item name="visibility" label={t("gallery.visibility")}>
      <Radio.Group>
        <Space orientation="vertical">
          {(["public", "project"] as const).map((value) => (
            <Radio key={value} value={value}>
              {t(`gallery.seenBy.${value}`)}
            </Radio>
          ))}
        </Space>
      </Radio.Group>
    </Form.Item>
  );
}
