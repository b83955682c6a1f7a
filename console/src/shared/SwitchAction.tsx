import { CheckCircleOutlined, StopOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { RowAction } from "./RowAction.tsx";

interface SwitchActionProps {
  /** What the row is. */
  name: string;
  isOn: boolean;
  onSwitch: () => void;
}

/** A row's action that shuts it out, or lets it in again. */
export function SwitchAction({ name, isOn, onSwitch }: SwitchActionProps) {
  const { t } = useTranslation();
  return (
    <RowAction
      icon={isOn ? <StopOutlined /> : <CheckCircleOutlined />}
      title={t(isOn ? "common.disable" : "common.enable")}
      label={t(isOn ? "common.disableOf" : "common.enableOf", { name })}
      onClick={onSwitch}
    />
  );
}
