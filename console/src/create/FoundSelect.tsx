import { Select, type SelectProps } from "antd";

interface Found {
  value: string;
  label: string;
  /** More about it, shown in the list only. */
  note?: string | undefined;
}

interface FoundSelectProps
  extends Omit<SelectProps<string, Found>, "value" | "options" | "showSearch" | "onChange"> {
  value: string;
  /** What the server found for what was typed. */
  found: readonly Found[];
  /** What `value` is called, as the search need not find it. */
  chosen: Found | undefined;
  onSearch: (typed: string) => void;
  onChange: (value: string) => void;
}

/** One of many things that the server knows, searched for there. */
export function FoundSelect({ value, found, chosen, onSearch, onChange, ...rest }: FoundSelectProps) {
  const isMissing = chosen !== undefined && !found.some((one) => one.value === chosen.value);
  return (
    <Select<string, Found>
      {...rest}
      value={value || null}
      showSearch={{ filterOption: false, onSearch }}
      options={isMissing ? [chosen, ...found] : [...found]}
      optionRender={({ data }) => (
        <>
          {data.label} {data.note ? <span className="quiet">{data.note}</span> : null}
        </>
      )}
      onChange={(id) => onChange(id ?? "")}
    />
  );
}
