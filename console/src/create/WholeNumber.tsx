import { InputNumber } from "antd";
import { Field } from "./Field.tsx";

interface WholeNumberProps {
  path: string;
  label: string;
  hint?: string;
  /** Why it cannot be changed. */
  locked?: string | undefined;
  value: number | null;
  min?: number;
  max?: number;
  unit?: string;
  /** What holds when it is left empty. */
  placeholder?: string;
  onChange: (value: number | null) => void;
}

/** A whole number of the form; empty leaves it to the server. */
export function WholeNumber({
  path,
  label,
  hint,
  locked,
  value,
  min = 1,
  max,
  unit,
  placeholder,
  onChange,
}: WholeNumberProps) {
  return (
    <Field path={path} label={label} hint={hint} locked={locked}>
      {(control) => (
        <InputNumber
          {...control}
          style={{ width: "100%" }}
          min={min}
          {...(max === undefined ? {} : { max })}
          precision={0}
          suffix={unit}
          value={value}
          {...(placeholder === undefined ? {} : { placeholder })}
          onChange={onChange}
        />
      )}
    </Field>
  );
}
