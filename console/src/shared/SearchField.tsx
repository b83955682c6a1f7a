import { CloseCircleFilled, SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const PAUSE_MS = 300;

/** A search field that asks when the typing pauses. `/` goes to it. */
export function SearchField({
  value,
  onSearch,
  placeholder,
}: {
  value: string;
  onSearch: (value: string) => void;
  placeholder: string;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onSearch(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <span data-hotkey="search">
      <Input
        allowClear={{ clearIcon: <CloseCircleFilled aria-label={t("common.clear")} /> }}
        prefix={<SearchOutlined className="quiet" />}
        value={text}
        placeholder={placeholder}
        aria-label={placeholder}
        style={{ width: 240 }}
        onChange={(event) => setText(event.target.value)}
        onPressEnter={() => onSearch(text)}
      />
    </span>
  );
}
