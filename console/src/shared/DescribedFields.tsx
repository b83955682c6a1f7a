import { Form, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** What most things have that somebody makes. */
export interface Described {
  name: string;
  description: string;
}

interface DescribedFieldsProps {
  /** Names that can be; the hint says which. */
  namePattern: RegExp;
  nameHint: string;
  /** A name may be left empty. */
  optionalName?: boolean;
  descriptionMax: number;
  /** The fields between name and description. */
  children?: ReactNode;
}

/** The fields `name` and `description` of a form, with what comes between them. */
export function DescribedFields({
  namePattern,
  nameHint,
  optionalName = false,
  descriptionMax,
  children,
}: DescribedFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item
        name="name"
        label={t("common.name")}
        extra={nameHint}
        rules={[{ required: !optionalName, pattern: namePattern, message: nameHint }]}
      >
        <Input autoComplete="off" />
      </Form.Item>
      {children}
      <Form.Item name="description" label={t("common.description")} style={{ marginBottom: 32 }}>
        <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} maxLength={descriptionMax} showCount />
      </Form.Item>
    </>
  );
}
