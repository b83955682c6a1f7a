/** What the rows of the form have alike: parameters, variables, tags, inputs, outputs, roles. */
import { DeleteOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import styles from "./Create.module.css";

interface RowNameProps {
  name: string;
  label: string;
  /** The algorithm gave it its name. */
  isFixed?: boolean;
  isWrong: boolean;
  onChange: (name: string) => void;
}

/** What a row is called. */
export function RowName({ name, label, isFixed = false, isWrong, onChange }: RowNameProps) {
  if (isFixed) return <span className={`${styles.fixed} mono`}>{name}</span>;
  return (
    <Input
      className="mono"
      aria-label={label}
      placeholder={label}
      value={name}
      {...(isWrong ? { status: "error" as const } : {})}
      onChange={(event) => onChange(event.target.value.trim())}
    />
  );
}

/** Takes a row away. */
export function RemoveRow({
  name,
  small = false,
  onRemove,
}: {
  name: string;
  small?: boolean;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Button
      type="text"
      {...(small ? { size: "small" as const } : {})}
      icon={<DeleteOutlined />}
      aria-label={t("create.remove", { name })}
      onClick={onRemove}
    />
  );
}
